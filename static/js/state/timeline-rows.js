/**
 * From what is loaded and what waits to be sent to the rows of the timeline: day lines, the line "new", notes, messages
 * in groups. Pure.
 *
 * @import { ChannelLog, LoggedMessage } from "./channel-log.js"
 * @import { Note, Person } from "../net/protocol.js"
 * @import { Entry } from "../net/outbox.js"
 * @import { Refusal } from "../lib/error-messages.js"
 * @typedef {{kind: "start" | "older" | "newer", key: string}} EdgeRow
 * @typedef {{kind: "day", key: string, time: number}} DayRow
 * @typedef {{kind: "new", key: string}} NewRow
 * @typedef {{kind: "note", key: string, note: Note}} NoteRow
 * @typedef {{kind: "message", key: string, message: LoggedMessage, first: boolean, own: boolean,
 *   state: "sent" | "pending" | "failed", read: boolean, refusal: Refusal | null}} MessageRow
 * @typedef {EdgeRow | DayRow | NewRow | NoteRow | MessageRow} Row
 */
import { dayNumber } from "../lib/format.js";

const GROUP_WITHIN = 5 * 60_000;

/**
 * @param {{log: ChannelLog, entries: Entry[], me: Person, newAfter: number | null, readByOther?: number}} given
 *   `readByOther`: the number up to which the other of a private channel has read, as far as they show it
 * @returns {Row[]}
 */
export function rows({ log, entries, me, newAfter, readByOther = 0 }) {
  /** @type {Row[]} */
  const list = [];
  if (log.hasOlder) list.push({ kind: "older", key: "older" });
  else list.push({ kind: "start", key: "start" });

  let day = NaN;
  let saidNew = newAfter === null;
  /** @type {LoggedMessage | null} The message that the next one may join. */
  let group = null;
  const onDay = (/** @type {number} */ time) => {
    if (dayNumber(time) === day) return;
    day = dayNumber(time);
    group = null;
    list.push({ kind: "day", key: `day:${day}`, time });
  };
  const push = (/** @type {LoggedMessage} */ message, /** @type {MessageRow["state"]} */ state, /** @type {Refusal | null} */ refusal = null) => {
    onDay(message.time);
    if (!saidNew && message.seq > Number(newAfter)) {
      saidNew = true;
      group = null;
      list.push({ kind: "new", key: "new" });
    }
    const joins = group?.fromId === message.fromId && message.time - group.time < GROUP_WITHIN && !message.replyTo;
    const key = message.clientMsgId ? `c:${message.clientMsgId}` : `m:${message.seq}`;
    const own = message.fromId === me.id;
    list.push({ kind: "message", key, message, first: !joins, own, state, read: own && message.seq <= readByOther, refusal });
    group = message;
  };

  let notes = 0;
  const notesUpTo = (/** @type {number} */ seq) => {
    for (; notes < log.notes.length && log.notes[notes].seq < seq; notes++) {
      const note = log.notes[notes];
      onDay(note.time);
      list.push({ kind: "note", key: `n:${note.position}`, note });
      group = null;
    }
  };
  for (const message of log.messages) {
    notesUpTo(message.seq);
    push(message, "sent");
  }
  if (log.hasNewer) {
    list.push({ kind: "newer", key: "newer" });
    return list;
  }
  notesUpTo(Infinity);
  for (const entry of unstored(entries, log, me)) push(asMessage(entry, me), entry.state, entry.refusal);
  return list;
}

/**
 * Entries whose message is not in the log yet. One that went out before the connection broke may have come back by
 * `sync`, while its own acknowledgement is still to come: it is then not shown a second time.
 * @param {Entry[]} entries @param {ChannelLog} log @param {Person} me
 */
function unstored(entries, log, me) {
  const known = log.messages.filter((message) => message.fromId === me.id && !message.clientMsgId).map(({ seq, msg }) => ({ seq, msg }));
  return entries.filter((entry) => {
    if (entry.state !== "pending" || entry.tries === 0) return true;
    const at = known.findIndex(({ seq, msg }) => seq > entry.since && msg === entry.text);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}

/** @param {Entry} entry @param {Person} me @returns {LoggedMessage} */
function asMessage(entry, me) {
  const { clientMsgId, target, text, replyTo, replySeq, at } = entry;
  const reply = replyTo ? { replyTo, replySeq } : {};
  return {
    ...reply, clientMsgId, target, type: "text", msg: text, from: me.userId, fromId: me.id, name: me.name, avatar: me.avatar,
    id: "", seq: Infinity, time: at, position: 0,
  };
}
