/** Words a system note: an event of a channel, such as a user joining it. */

/** @import { SystemNote } from "../net/wire-types.js" */
import { formatNameList } from "../lib/format.js";
import { hasText, t } from "../lib/i18n.js";

/** @param {SystemNote} note @param {boolean} isPrivate whether it is of a private channel @returns {string} */
export function systemNoteText({ note, by, who, value }, isPrivate) {
  const users = who.length ? who : [by];
  const params = { by: by.name, who: formatNameList(users.map(({ name }) => name)), value };
  if (note === "created" && isPrivate) return t("note.createdPrivate", params);
  if (note === "created" && who.length) return t("note.createdWith", params);
  if (note === "renamed" && !value) return t("note.unnamed", params);
  if (note === "topic" && !value) return t("note.topicRemoved", params);
  if (note === "role") {
    const roleKey = `note.role.${value}`;
    return t("note.role", { ...params, role: hasText(roleKey) ? t(roleKey) : value });
  }
  const key = `note.${note}`;
  return t(hasText(key) ? key : "note.other", params);
}
