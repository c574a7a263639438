/**
 * Counts the unread messages that mention the user. The server counts those that the page has not been pushed, so after
 * some changes only the server knows the number. No DOM.
 *
 * @import { Channel } from "../wire-types.js"
 */

export class MentionCounter {
  /** Numbers of unread messages that have been pushed and mention the user, by target. @type {Map<string, Set<number>>} */ #known = new Map();
  /** Targets whose count is an estimate. @type {Set<string>} */ #estimated = new Set();

  clear() {
    this.#known.clear();
    this.#estimated.clear();
  }

  /** Return true if only the server knows the exact count. @param {string} target */
  isEstimated(target) {
    return this.#estimated.has(target);
  }

  /**
   * Return the count of a channel whose state has come from the server.
   * @param {Channel | undefined} known
   * @param {Channel} received
   */
  merge(known, received) {
    if (known && known.readSeq > received.readSeq) return known.mentions;
    this.#estimated.delete(received.target);
    const later = [...this.#seqs(received.target)].filter((seq) => seq > received.lastSeq);
    // During an upgrade a node may not count them yet.
    return (received.mentions ?? 0) + later.length;
  }

  /** @param {Channel} channel @param {number} seq of a new message that mentions the user */
  add(channel, seq) {
    this.#seqs(channel.target).add(seq);
    channel.mentions += 1;
  }

  /** The numbers of all unread messages that mention the user are known. @param {Channel} channel @param {number[]} seqs */
  set(channel, seqs) {
    this.#known.set(channel.target, new Set(seqs));
    this.#estimated.delete(channel.target);
    channel.mentions = seqs.length;
  }

  /** A message is gone. @param {Channel} channel @param {number} seq */
  remove(channel, seq) {
    if (seq <= channel.readSeq || channel.mentions === 0) return;
    if (this.#seqs(channel.target).delete(seq)) channel.mentions -= 1;
    else this.#estimated.add(channel.target);
  }

  /** The user has read up to a number, which is no longer unread. @param {Channel} channel @param {number} seq */
  read(channel, seq) {
    const { target, lastSeq, mentions } = channel;
    const known = this.#seqs(target);
    const isExact = known.size === mentions;
    for (const one of known) if (one <= seq) known.delete(one);
    channel.mentions = seq >= lastSeq ? 0 : Math.max(known.size, Math.min(mentions, lastSeq - seq));
    if (isExact) channel.mentions = known.size;
    if (isExact || channel.mentions === 0) this.#estimated.delete(target);
    else this.#estimated.add(target);
  }

  /** @param {string} target */
  #seqs(target) {
    const known = this.#known.get(target) ?? new Set();
    this.#known.set(target, known);
    return known;
  }
}
