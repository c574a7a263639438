/** Formats times, days, counts and names in the chosen language. Times are Unix milliseconds. */
import { isolate } from "./bidi.js";
import { graphemes } from "./graphemes.js";
import { language, t } from "./i18n.js";

const DAY_MS = 86_400_000;
const QUARTER_HOUR_MS = 900_000;
const MAX_CACHED_DAYS = 2000;
const MINUTE_MS = 60_000;
const MAX_CACHED_MINUTES = 2000;
const MAX_LISTED_NAMES = 5;
const MAX_UNREAD_COUNT = 999;
const AVATAR_COLORS = 8;

/** Creating a formatter costs a thousand times as much as using one. @type {Map<string, Intl.DateTimeFormat>} */
const formatters = new Map();
/** Day numbers by quarter hour: in no time zone does a day begin within one. @type {Map<number, number>} */
const dayNumbers = new Map();
/** Hours and minutes by language and minute: a list shows them again at each change. @type {Map<string, string>} */
const minuteTexts = new Map();
/** The time zone chosen in the profile; undefined: the browser's. @type {string | undefined} */
let timeZone;

/**
 * Show all times in this time zone. An empty or unknown name stands for the browser's time zone.
 * @param {string} name
 */
export function setTimeZone(name) {
  formatters.clear();
  dayNumbers.clear();
  minuteTexts.clear();
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
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(tag, { timeZone, ...options });
    formatters.set(key, formatter);
  }
  return formatter.format(time);
}

/** Return hours and minutes. @param {number} time */
export function formatTime(time) {
  const key = `${language.tag} ${Math.floor(time / MINUTE_MS)}`;
  let text = minuteTexts.get(key);
  if (text === undefined) {
    text = format(time, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    if (minuteTexts.size >= MAX_CACHED_MINUTES) minuteTexts.clear();
    minuteTexts.set(key, text);
  }
  return text;
}

/** Return hours and minutes, preceded by the date unless it is today. @param {number} time */
export function formatDateTime(time) {
  if (dayNumber(time) === dayNumber(Date.now())) return formatTime(time);
  return format(time, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** Return the full date and time, for tooltips. @param {number} time */
export function formatFullTime(time) {
  return format(time, { dateStyle: "full", timeStyle: "medium" });
}

/** Return the number of the day in the chosen time zone; consecutive days differ by one. @param {number} time */
export function dayNumber(time) {
  const quarter = Math.floor(time / QUARTER_HOUR_MS);
  let number = dayNumbers.get(quarter);
  if (number === undefined) {
    // The Swedish format is 2026-03-01, which Date parses as that day in UTC.
    number = Date.parse(format(time, { year: "numeric", month: "2-digit", day: "2-digit" }, "sv-SE")) / DAY_MS;
    if (dayNumbers.size >= MAX_CACHED_DAYS) dayNumbers.clear();
    dayNumbers.set(quarter, number);
  }
  return number;
}

/** Return the wall clock in the chosen time zone, as 2026-03-01T09:00. @param {number} time */
export function wallClock(time) {
  const fields = /** @type {const} */ ({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  return format(time, { ...fields, hourCycle: "h23" }, "sv-SE").replace(" ", "T");
}

/** Return the time at which the wall clock shows this, or NaN. One that the clocks skip in spring counts as an hour earlier. @param {string} wall */
export function timeOfWallClock(wall) {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return NaN;
  const offsetAt = (/** @type {number} */ time) => Date.parse(`${wallClock(time)}Z`) - Math.floor(time / 60_000) * 60_000;
  // The offset may change between the first guess and the time itself.
  return asUtc - offsetAt(asUtc - offsetAt(asUtc));
}

/** @param {number} time */
function yearOf(time) {
  return new Date(dayNumber(time) * DAY_MS).getUTCFullYear();
}

/**
 * Return "Today", "Yesterday" or "Monday 3 March", with the year if it is not the current one.
 * @param {number} time
 * @param {number} now
 */
export function formatDay(time, now) {
  const daysAgo = dayNumber(now) - dayNumber(time);
  if (daysAgo === 0) return t("day.today");
  if (daysAgo === 1) return t("day.yesterday");
  const year = yearOf(time) === yearOf(now) ? {} : { year: /** @type {const} */ ("numeric") };
  return format(time, { weekday: "long", day: "numeric", month: "long", ...year });
}

/**
 * Return a short form for lists: the time today, the weekday within a week, else the date. Empty for time 0.
 * @param {number} time
 * @param {number} now
 */
export function formatShortTime(time, now) {
  if (!time) return "";
  const daysAgo = dayNumber(now) - dayNumber(time);
  if (daysAgo === 0) return formatTime(time);
  if (daysAgo > 0 && daysAgo < 7) return format(time, { weekday: "short" });
  const year = yearOf(time) === yearOf(now) ? {} : { year: /** @type {const} */ ("2-digit") };
  return format(time, { day: "numeric", month: "short", ...year });
}

/** Return the names as a list; a long list ends with the number of others. @param {string[]} names @param {number} [count] of all, if the list names only the first */
export function formatNameList(names, count = names.length) {
  const others = count - MAX_LISTED_NAMES;
  const listed = names.slice(0, others > 1 ? MAX_LISTED_NAMES : undefined).map(isolate);
  if (others > 1) return t("names.many", { names: listed, n: count, others });
  return new Intl.ListFormat(language.tag, { type: "conjunction" }).format(listed);
}

/** @param {number} count */
export function formatUnreadCount(count) {
  return count > MAX_UNREAD_COUNT ? `${MAX_UNREAD_COUNT}+` : String(count);
}

/** Return the one or two letters that an avatar without a picture shows. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/[\s,·、_-]+/u).filter(Boolean);
  const letters = words.map((word) => graphemes(word)[0]);
  const hasCase = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(letters[0] ?? "");
  return (hasCase ? letters.slice(0, 2).join("") : letters[0] ?? "?").toLocaleUpperCase();
}

/** Return the number of the avatar colour, always the same for an id. @param {string} id */
export function avatarColor(id) {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) % 8191;
  return String(hash % AVATAR_COLORS);
}
