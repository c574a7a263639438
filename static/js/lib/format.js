/** Times, days and counts in the chosen language. */
import { language, t } from "./i18n.js";

/** Making a formatter costs a thousand times its use. @type {Map<string, Intl.DateTimeFormat>} */
const formatters = new Map();
/** By quarter of an hour: nowhere does a day begin within one. @type {Map<number, number>} */
const days = new Map();
const QUARTER = 900_000;
const DAYS_KEPT = 2000;
const NAMED = 5;
/** What the person has chosen; undefined: the browser's. @type {string | undefined} */
let timeZone;

/** Show times as they are there; empty or unknown here: as the browser has them. @param {string} name */
export function useTimeZone(name) {
  formatters.clear();
  days.clear();
  try {
    timeZone = new Intl.DateTimeFormat("en", { timeZone: name || undefined }).resolvedOptions().timeZone;
  } catch {
    timeZone = undefined;
  }
}

/** @param {number} time @param {Intl.DateTimeFormatOptions} options @param {string} [tag] */
function format(time, options, tag = language.tag) {
  const key = tag + JSON.stringify(options);
  let formatter = formatters.get(key);
  if (!formatter) formatters.set(key, (formatter = new Intl.DateTimeFormat(tag, { timeZone, ...options })));
  return formatter.format(time);
}

/** @param {number} time */
export function clock(time) {
  return format(time, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** The clock alone for a time today, else with its day. @param {number} time */
export function momentOf(time) {
  const isToday = dayNumber(time) === dayNumber(Date.now());
  return isToday ? clock(time) : format(time, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** @param {number} time */
export function fullTime(time) {
  return format(time, { dateStyle: "full", timeStyle: "medium" });
}

/** The day there as a number that grows by one each day. @param {number} time */
export function dayNumber(time) {
  const quarter = Math.floor(time / QUARTER);
  let number = days.get(quarter);
  if (number === undefined) {
    // As 2026-03-01, which Date reads as that day in UTC.
    number = Date.parse(format(time, { year: "numeric", month: "2-digit", day: "2-digit" }, "sv-SE")) / 86_400_000;
    if (days.size >= DAYS_KEPT) days.clear();
    days.set(quarter, number);
  }
  return number;
}

/** @param {number} time */
function yearOf(time) {
  return new Date(dayNumber(time) * 86_400_000).getUTCFullYear();
}

/** "Today", "Yesterday", "Monday 3 March", with the year if it is another. @param {number} time @param {number} now */
export function day(time, now) {
  const ago = dayNumber(now) - dayNumber(time);
  if (ago === 0) return t("day.today");
  if (ago === 1) return t("day.yesterday");
  const year = yearOf(time) === yearOf(now) ? {} : { year: /** @type {const} */ ("numeric") };
  return format(time, { weekday: "long", day: "numeric", month: "long", ...year });
}

/** For a list: the clock today, else a short date. @param {number} time @param {number} now */
export function shortTime(time, now) {
  if (!time) return "";
  const ago = dayNumber(now) - dayNumber(time);
  if (ago === 0) return clock(time);
  if (ago > 0 && ago < 7) return format(time, { weekday: "short" });
  const year = yearOf(time) === yearOf(now) ? {} : { year: /** @type {const} */ ("2-digit") };
  return format(time, { day: "numeric", month: "short", ...year });
}

/** Of very many only the first are named. @param {string[]} names */
export function nameList(names) {
  const more = names.length - NAMED;
  if (more > 1) return t("names.many", { names: names.slice(0, NAMED), n: names.length, more });
  return new Intl.ListFormat(language.tag, { type: "conjunction" }).format(names);
}

/** @param {number} count */
export function badge(count) {
  return count > 999 ? "999+" : String(count);
}

/** One or two letters that stand for a name. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/[\s,·、_-]+/u).filter(Boolean);
  const letters = words.map((word) => new Intl.Segmenter().segment(word)[Symbol.iterator]().next().value?.segment ?? "");
  const isLatin = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(letters[0] ?? "");
  return (isLatin ? letters.slice(0, 2).join("") : letters[0] ?? "?").toLocaleUpperCase();
}

/** One of eight hues, always the same for an id. @param {string} id */
export function hue(id) {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) % 8191;
  return String(sum % 8);
}
