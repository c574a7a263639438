/**
 * Counts the unread messages of channels: those after the read position that are not recalled and that their channel
 * shows. Of earlier ones the server tells only how many it left out, so a count may have to be estimated until the
 * server's next one. No DOM.
 *
 * @import { Channel } from "../wire-types.js"
 * @import { ChannelLog } from "./channel-log.js"
 * @typedef {{recalled?: boolean, threadOnly?: boolean}} Countable
 */

import { MentionCounter } from "./mention-counter.js";
import { mentionsUser } from "./message-mentions.js";

export class UnreadCounter {
  #mentions = new MentionCounter();
  /** Numbers of known messages after the read position that do not count, by target. @type {Map<string, Set<number>>} */ #uncounted = new Map();
  /** Targets whose count is an estimate. @type {Set<string>} */ #estimated = new Set();

  clear() {
    this.#uncounted.clear();
    this.#estimated.clear();
    this.#mentions.clear();
  }

  /** Return true if only the server knows the exact count. @param {string} target */
  isEstimated(target) {
    return this.#estimated.has(target) || this.#mentions.isEstimated(target);
  }

  /**
   * Merge a channel's state from the server with what has been pushed or read since that was made.
   * @param {Channel | undefined} known
   * @param {Channel} received
   * @returns {Channel}
   */
  merge(known, received) {
    const uncounted = this.#uncounted.get(received.target) ?? new Set();
    const lastSeq = Math.max(received.lastSeq, known?.lastSeq ?? 0);
    const readSeq = Math.max(received.readSeq, known?.readSeq ?? 0);
    const activeAt = Math.max(received.activeAt, known?.activeAt ?? 0);
    // A peer who stops sharing the read position has 0.
    const peerReadSeq = received.peerReadSeq && Math.max(received.peerReadSeq, known?.peerReadSeq ?? 0);
    const mentions = this.#mentions.merge(known, received);
    const merged = { ...received, peerReadSeq, lastSeq, readSeq, activeAt, mentions };
    if (known && known.readSeq > received.readSeq) {
      merged.unread = known.unread + Math.max(0, received.lastSeq - known.lastSeq);
    } else {
      merged.unread += lastSeq - received.lastSeq - countBetween(uncounted, received.lastSeq, lastSeq);
      this.#estimated.delete(received.target);
    }
    return limit(merged);
  }

  /**
   * Count messages up to a new last one. All of them are read if that is the user's own.
   * @param {Channel} channel
   * @param {Countable & {seq: number}} message
   * @param {boolean} isOwn
   * @param {boolean} [isMention]  it mentions the user
   */
  add(channel, { seq, ...message }, isOwn, isMention = false) {
    channel.unread += seq - channel.lastSeq;
    channel.lastSeq = seq;
    if (isMention && !isOwn && !message.recalled) this.#mentions.add(channel, seq);
    if (isOwn && !message.threadOnly) this.read(channel, seq);
    else if (!counts(message)) this.#leaveOut(channel, seq);
  }

  /** A message no longer counts. @param {Channel} channel @param {number} seq */
  recall(channel, seq) {
    this.#mentions.remove(channel, seq);
    this.#leaveOut(channel, seq);
  }

  /** A message does not count as unread. @param {Channel} channel @param {number} seq */
  #leaveOut(channel, seq) {
    const { target } = channel;
    const uncounted = this.#uncounted.get(target) ?? new Set();
    if (seq <= channel.readSeq || seq > channel.lastSeq || uncounted.has(seq)) return;
    this.#uncounted.set(target, uncounted.add(seq));
    channel.unread -= 1;
    limit(channel);
  }

  /**
   * Move the read position forward.
   * @param {Channel} channel
   * @param {number} seq
   * @param {ChannelLog} [log] of the channel, if loaded
   * @param {string} [userId]
   */
  read(channel, seq, log, userId) {
    const { target, lastSeq, readSeq: from } = channel;
    const to = Math.min(seq, lastSeq);
    const known = this.#uncounted.get(target) ?? new Set();
    // True if all messages that the present count leaves out are known.
    const isExact = lastSeq - from - channel.unread === countBetween(known, from, lastSeq);
    const loaded = log?.messages.filter((message) => !counts(message)).map((message) => message.seq) ?? [];
    channel.unread -= to - from - countBetween(new Set([...known, ...loaded]), from, to);
    channel.readSeq = to;
    this.#mentions.read(channel, to);
    this.#uncounted.set(target, new Set([...known].filter((number) => number > to)));
    const isCounted = this.#countLoaded(channel, log, userId);
    if (isExact || isCounted || to === lastSeq) this.#estimated.delete(target);
    else this.#estimated.add(target);
    limit(channel);
  }

  /**
   * Move the read position back: the messages after it are unread again.
   * @param {Channel} channel
   * @param {number} seq
   * @param {ChannelLog} [log] of the channel, if loaded
   * @param {string} [userId]
   */
  unread(channel, seq, log, userId) {
    const { target, lastSeq } = channel;
    channel.readSeq = seq;
    channel.unread = lastSeq - seq;
    if (this.#countLoaded(channel, log, userId)) this.#estimated.delete(target);
    else this.#estimated.add(target);
  }

  /** Count the unread messages if all of them are loaded. @param {Channel} channel @param {ChannelLog} [log] @param {string} [userId] @returns {boolean} whether they are */
  #countLoaded(channel, log, userId) {
    const { readSeq, lastSeq } = channel;
    const count = log ? countLoaded(log, readSeq, lastSeq) : null;
    if (!log || count === null) return false;
    channel.unread = count;
    const unread = log.messages.filter((message) => message.seq > readSeq && !message.recalled);
    this.#mentions.set(channel, unread.filter((message) => mentionsUser(message, userId)).map((message) => message.seq));
    return true;
  }
}

/**
 * Return how many unread messages a log holds; null if it lacks some.
 * @param {ChannelLog} log
 * @param {number} after
 * @param {number} lastSeq of the channel
 */
function countLoaded(log, after, lastSeq) {
  const lacksSome = log.hasNewer || (log.hasOlder && log.firstSeq > after + 1) || log.gap(lastSeq) !== null;
  if (!log.isLoaded || lacksSome) return null;
  return log.messages.filter((message) => message.seq > after && counts(message)).length;
}

/** Return whether a message can count as unread in its channel. @param {Countable} message */
function counts({ recalled, threadOnly }) {
  return !recalled && !threadOnly;
}

/** @param {Set<number>} numbers @param {number} after @param {number} upTo */
function countBetween(numbers, after, upTo) {
  return [...numbers].filter((number) => number > after && number <= upTo).length;
}

/** @param {Channel} channel */
function limit(channel) {
  channel.unread = Math.max(0, Math.min(channel.unread, channel.lastSeq - channel.readSeq));
  return channel;
}
