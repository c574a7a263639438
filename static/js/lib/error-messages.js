/**
 * What a refusal means to a person, in their language.
 * @typedef {{code: number, data: any}} Refusal  of a reply; kept with what could not be sent
 */
import { momentOf } from "./format.js";
import { hasWord, language, t } from "./i18n.js";
import { refusals } from "../locales/zh-errors.js";

/** Made when the first one is needed. @type {{sentence: RegExp, names: string[], words: string}[]} */
let known = [];

/** @param {Refusal} refusal @returns {string} empty if there is nothing to say about it */
export function refusalText({ code, data }) {
  // Whoever is muted; the server tells the time in UTC.
  if (data?.until !== undefined) return t(data.until ? "composer.mutedUntil" : "composer.muted", { until: momentOf(data.until) });
  const said = data?.error ?? "";
  const own = language.code === "en" ? said : inChinese(said);
  if (own) return own;
  return hasWord(`error.${code}`) ? t(`error.${code}`) : said;
}

/** @param {string} said */
function inChinese(said) {
  known = known.length ? known : refusals.map(compiled);
  for (const { sentence, names, words } of known) {
    const found = sentence.exec(said);
    if (found) return words.replace(/\{(\w+)\}/g, (_, name) => found[1 + names.indexOf(name)] ?? "");
  }
  return "";
}

/** @param {[string, string]} entry */
function compiled([english, words]) {
  const names = [...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const pattern = english.split(/\{\w+\}/).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(.+)");
  return { sentence: new RegExp(`^${pattern}$`, "u"), names, words };
}
