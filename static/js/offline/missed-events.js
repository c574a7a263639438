/** Brings kept messages up to date with the events that were missed. */

/**
 * @import { Envelope, Pushes, ReactionChange } from "../net/wire-types.js"
 * @import { ChannelLog } from "../net/state/channel-log.js"
 */

/**
 * Apply an event to the log of its channel, if there is one. A log that cannot be brought up to date is removed: kept messages
 * say how many answers they have and what of them is read, and only the server knows this after another answer.
 * @param {Map<string, ChannelLog>} logs by target
 * @param {Envelope} event
 * @param {string} userId
 */
export function applyMissed(logs, { cmd, data }, userId) {
  const { target = "", threadId } = /** @type {{target?: string, threadId?: string} | null} */ (data) ?? {};
  if (threadId) logs.delete(target);
  const log = logs.get(target);
  if (!log) return;
  const apply = /** @type {((log: ChannelLog, data: any, userId: string) => unknown) | undefined} */ (
    EFFECTS[/** @type {keyof Pushes} */ (cmd)]
  );
  apply?.(log, data, userId);
}

/** @type {{[Kind in keyof Pushes]?: (log: ChannelLog, data: Pushes[Kind], userId: string) => unknown}} */
const EFFECTS = {
  msg: (log, message) => log.add(message),
  "message.edited": (log, edit) => log.edit(edit),
  "message.recalled": (log, recall) => log.recall(recall),
  "message.previewed": (log, change) => log.setPreviews(change),
  "message.reacted": (log, change, userId) => react(log, { ...change, isAdded: true }, userId),
  "message.unreacted": (log, change, userId) => react(log, { ...change, isAdded: false }, userId),
  "message.expired": (log, { seq }) => log.expire(seq),
  "attachment.removed": (log, { attachments }) => log.removeFiles(attachments),
  "attachment.expired": (log, { seq }) => log.expireFiles(seq),
  "channel.note": (log, note) => log.addNote(note),
};

/** @param {ChannelLog} log @param {ReactionChange} change @param {string} userId */
function react(log, change, userId) {
  log.changeReaction(change, change.by.id === userId);
}
