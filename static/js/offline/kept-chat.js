/**
 * The offline copy: the part of the chat that a browser keeps for a start without a connection. It holds the user, the
 * channels, and the last messages of those that the page has loaded. Pure functions without DOM or storage.
 *
 * It belongs to one user on one app. It is shown for KEPT_HOURS after the server has last accepted that user, then deleted
 * unseen. This guards against a later user of the browser. It does not guard against a program that reads the disk: until
 * the page or the service worker runs again, an expired copy lies there unencrypted. A key would have to lie beside it.
 * @import { App, Channel, HistoryPage, SidebarArrangement, User } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 * @typedef {{me: User, app: App, staff: boolean, timeZone: string, sidebar?: SidebarArrangement, position: number, contactAt: number, savedAt: number}} KeptUser
 *   `position`: all events up to it are in what is kept; `contactAt`: when the server last accepted the user, and
 *   `savedAt`: when this was kept, in ms
 * @typedef {{user: KeptUser, channels: Channel[], logs: Map<string, HistoryPage>}} KeptChat
 */
import { ChannelLog } from "../net/state/channel-log.js";

export const KEPT_HOURS = 24;
export const MAX_KEPT_CHANNELS = 200;
/** Channels with messages; as many as the page itself has in memory. */
export const MAX_KEPT_LOGS = 25;
/** Messages of a channel. */
export const MAX_KEPT_MESSAGES = 50;
/** Characters of a channel's messages as JSON. With those above, the whole stays below 6 MB. */
export const MAX_KEPT_CHARACTERS = 200_000;
const HOUR_MS = 3_600_000;
/** Milliseconds by which a clock may be set back, because it ran fast. */
const CLOCK_CORRECTION_MS = 300_000;

/** Tell whether what is kept may still be shown. A clock that was set far back allows nothing. @param {Pick<KeptUser, "contactAt">} user @param {number} now in ms */
export function isReadable({ contactAt }, now) {
  return now - contactAt > -CLOCK_CORRECTION_MS && now - contactAt < KEPT_HOURS * HOUR_MS;
}

/** Return the channels to keep: those with loaded messages, and the last active ones. @param {Store} store @returns {Channel[]} */
export function keptChannels({ channels, logs }) {
  const byActivity = [...channels.values()].sort((a, b) => b.activeAt - a.activeAt);
  const isLoaded = (/** @type {Channel} */ { target }) => logs.has(target);
  const first = [...byActivity.filter(isLoaded), ...byActivity.filter((channel) => !isLoaded(channel))];
  const kept = new Set(first.slice(0, MAX_KEPT_CHANNELS).map(({ target }) => target));
  return [...channels.values()].filter(({ target }) => kept.has(target));
}

/** Return the targets of the logs to keep, the last opened ones. @param {Store} store */
export function keptTargets({ channels, logs }) {
  return [...logs.keys()].filter((target) => channels.has(target) && isKept(logs.get(target))).slice(-MAX_KEPT_LOGS);
}

/** A window above the end of the channel lacks its last messages. @param {ChannelLog | undefined} log */
function isKept(log) {
  return log !== undefined && log.isLoaded && !log.hasNewer;
}

/** Return the end of a log as JSON of a HistoryPage. @param {ChannelLog} log */
export function keptLog({ messages, notes, hasOlder }) {
  for (let count = Math.min(messages.length, MAX_KEPT_MESSAGES); ; count = Math.floor(count / 2)) {
    const last = messages.slice(messages.length - count);
    const hasMore = hasOlder || count < messages.length;
    const firstSeq = last[0]?.seq ?? Infinity;
    const lastNotes = hasMore ? notes.filter(({ seq }) => seq >= firstSeq) : notes;
    const json = JSON.stringify({ messages: last, notes: lastNotes.slice(-MAX_KEPT_MESSAGES), hasMore });
    if (json.length <= MAX_KEPT_CHARACTERS || count === 0) return json;
  }
}

/** Return a log as it was kept. @param {HistoryPage} page */
export function restoredLog(page) {
  const log = new ChannelLog();
  log.setNewest(page);
  return log;
}
