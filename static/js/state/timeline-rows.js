/**
 * Builds the rows of the timeline from the loaded messages and those that wait to be sent: day dividers, the "New"
 * divider, system notes, and messages grouped by sender. Pure.
 *
 * @import { ChannelLog, LoggedMessage } from "../net/state/channel-log.js"
 * @import { SystemNote, Thread, User } from "../net/wire-types.js"
 * @import { OutboxEntry } from "../net/outbox.js"
 * @import { ErrorReply } from "../net/protocol.js"
 * @typedef {{kind: "intro", key: string}} IntroRow  above the first message of a channel
 * @typedef {{kind: "older" | "newer", key: string}} EdgeRow  where more messages are loaded
 * @typedef {{kind: "day", key: string, time: number}} DayRow
 * @typedef {{kind: "unread", key: string}} UnreadRow
 * @typedef {{kind: "note", key: string, note: SystemNote}} NoteRow
 * @typedef {"sent" | "pending" | "failed"} SendState
 * @typedef {{kind: "message", key: string, message: LoggedMessage, isGroupStart: boolean, isOwn: boolean,
 *   canRemove: boolean, canForward: boolean, state: SendState, isRead: boolean, error: ErrorReply | null, thread: Thread | null, isAnswer: boolean}} MessageRow
 *   `canRemove`: the user can remove parts of it; `canForward`: its files; `thread`: its answers, if the row leads to them; `isAnswer`: the row leads to the thread that it belongs to
 * @typedef {IntroRow | EdgeRow | DayRow | UnreadRow | NoteRow | MessageRow} Row
 */
import { dayNumber } from "../lib/format.js";
import { contentOf } from "../net/state/message-content.js";

const GROUP_MAX_GAP_MS = 5 * 60_000;

/**
 * Return the rows of a channel, without the answers that only their threads show.
 * @param {{log: ChannelLog, entries: OutboxEntry[], me: User, dividerSeq: number | null, peerReadSeq?: number | null,
 *   manages?: boolean, threadOf?: (message: LoggedMessage) => Thread | null}} state  `manages`: as in `RowBuilder`
 *   `dividerSeq`: the "New" divider follows the message of this number; `peerReadSeq`: how far the other user of a
 *   private channel has read
 * @returns {Row[]}
 */
export function timelineRows({ log, entries, me, dividerSeq, peerReadSeq, manages, threadOf = () => null }) {
  const builder = new RowBuilder({ me, dividerSeq, peerReadSeq: peerReadSeq ?? 0, manages, threadOf });
  builder.rows.push(log.hasOlder ? { kind: "older", key: "older" } : { kind: "intro", key: "intro" });
  let noteCount = 0;
  const addNotesBefore = (/** @type {number} */ seq) => {
    while (noteCount < log.notes.length && log.notes[noteCount].seq < seq) builder.addNote(log.notes[noteCount++]);
  };
  for (const message of log.messages) {
    if (message.threadOnly) continue;
    addNotesBefore(message.seq);
    builder.addMessage(message, "sent");
  }
  if (log.hasNewer) {
    builder.rows.push({ kind: "newer", key: "newer" });
    return builder.rows;
  }
  addNotesBefore(Infinity);
  for (const entry of unsentEntries(entries, log, me)) {
    if (entry.threadId && !entry.alsoToChannel) continue;
    builder.addMessage(messageOf(entry, me), entry.state, entry.refusal);
  }
  return builder.rows;
}

export class RowBuilder {
  /** @type {Row[]} */ rows = [];
  #day = NaN;
  /** The message whose group the next one may join. @type {LoggedMessage | null} */ #previous = null;

  /**
   * @param {{me: User, dividerSeq?: number | null, peerReadSeq?: number, manages?: boolean,
   *   threadOf?: (message: LoggedMessage) => Thread | null}} state  `manages`: the user is an owner or admin of the group;
   *   without `threadOf`, no row leads to a thread
   */
  constructor({ me, dividerSeq = null, peerReadSeq = 0, manages = false, threadOf }) {
    this.me = me;
    this.manages = manages;
    this.dividerSeq = dividerSeq;
    this.peerReadSeq = peerReadSeq;
    this.threadOf = threadOf;
  }

  /** @param {LoggedMessage} message @param {SendState} state @param {ErrorReply | null} [error] */
  addMessage(message, state, error = null) {
    this.#addDay(message.time);
    if (this.dividerSeq !== null && message.seq > this.dividerSeq) {
      this.dividerSeq = null;
      this.#previous = null;
      this.rows.push({ kind: "unread", key: "unread" });
    }
    const previous = this.#previous;
    const isSameGroup = previous?.fromId === message.fromId && message.time - previous.time < GROUP_MAX_GAP_MS;
    const isAnswer = this.threadOf !== undefined && message.threadId !== undefined;
    const isOwn = message.fromId === this.me.id;
    this.rows.push({
      kind: "message",
      key: message.clientMsgId ? `c:${message.clientMsgId}` : `m:${message.seq}`,
      message,
      isGroupStart: !isSameGroup || isAnswer || Boolean(message.replyTo),
      isOwn,
      canRemove: isOwn || this.manages,
      canForward: state === "sent" && this.me.kind !== "guest",
      state,
      isRead: isOwn && message.seq <= this.peerReadSeq,
      error,
      thread: this.threadOf?.(message) ?? null,
      isAnswer,
    });
    this.#previous = message;
  }

  /** The next message begins a group. */
  endGroup() {
    this.#previous = null;
  }

  /** @param {SystemNote} note */
  addNote(note) {
    this.#addDay(note.time);
    this.rows.push({ kind: "note", key: `n:${note.position}`, note });
    this.#previous = null;
  }

  /** @param {number} time */
  #addDay(time) {
    const day = dayNumber(time);
    if (day === this.#day) return;
    this.#day = day;
    this.#previous = null;
    this.rows.push({ kind: "day", key: `day:${day}`, time });
  }
}

/**
 * Return the entries whose message is not in the log. After a lost connection, `sync` may bring a message before its own
 * acknowledgement; it must not be shown twice.
 * @param {OutboxEntry[]} entries
 * @param {ChannelLog} log
 * @param {User} me
 */
export function unsentEntries(entries, log, me) {
  const received = log.messages.filter((message) => message.fromId === me.id && !message.clientMsgId);
  return entries.filter((entry) => {
    if (entry.state !== "pending" || entry.tries === 0) return true;
    const index = received.findIndex((message) => message.seq > entry.since && isSameContent(message, entry));
    if (index >= 0) received.splice(index, 1);
    return index < 0;
  });
}

/** @param {LoggedMessage} message @param {OutboxEntry} entry */
function isSameContent({ msg, attachments = [] }, { text, files = [] }) {
  if (!files.length) return msg === text;
  // A file is sent once only.
  return attachments.some(({ id }) => files.some(({ attachment }) => attachment?.id === id));
}

/** @param {OutboxEntry} entry @param {User} me @returns {LoggedMessage} */
export function messageOf({ clientMsgId, target, text, files, replyTo, replySeq, threadId, at }, me) {
  const reply = { ...(replyTo ? { replyTo, replySeq } : {}), ...(threadId ? { threadId } : {}) };
  const sender = { from: me.userId, fromId: me.id, name: me.name, avatar: me.avatar };
  return { ...reply, ...sender, ...contentOf(text, files), clientMsgId, target, id: "", seq: Infinity, time: at, position: 0 };
}
