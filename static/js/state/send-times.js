/**
 * The times that are offered to send a message later, in the user's time zone. Pure.
 *
 * @typedef {{key: "schedule.hour" | "schedule.tomorrow" | "schedule.monday", at: number}} SendTime  `at` in ms
 */
import { dayNumber, timeOfWallClock } from "../lib/format.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The day with number 0 was a Thursday. */
const DAYS_FROM_MONDAY = 3;

/** @param {number} now in ms @returns {SendTime[]} */
export function sendTimes(now) {
  const today = dayNumber(now);
  const untilMonday = 7 - ((today + DAYS_FROM_MONDAY) % 7);
  /** @type {SendTime[]} */
  const times = [{ key: "schedule.hour", at: now + HOUR_MS }];
  if (untilMonday > 1) times.push({ key: "schedule.tomorrow", at: nineOf(today + 1) });
  times.push({ key: "schedule.monday", at: nineOf(today + untilMonday) });
  return times;
}

/** @param {number} day */
function nineOf(day) {
  return timeOfWallClock(`${new Date(day * DAY_MS).toISOString().slice(0, 10)}T09:00`);
}
