/** The words of a system note. @import { Note } from "../net/protocol.js" */
import { nameList } from "../lib/format.js";
import { hasWord, t } from "../lib/i18n.js";

/** @param {Note} note @param {boolean} isPrivate */
export function noteText({ note, by, who, value }, isPrivate) {
  const people = who.length ? who : [by];
  const names = { by: by.name, who: nameList(people.map(({ name }) => name)), value };
  if (note === "created" && isPrivate) return t("note.createdPrivate", names);
  if (note === "created" && who.length) return t("note.createdWith", names);
  if (note === "renamed" && !value) return t("note.unnamed", names);
  if (note === "role") return t("note.role", { ...names, role: hasWord(`note.role.${value}`) ? t(`note.role.${value}`) : value });
  return hasWord(`note.${note}`) ? t(`note.${note}`, names) : t("note.other", names);
}
