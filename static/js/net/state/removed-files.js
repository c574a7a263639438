/**
 * The files of a channel's messages that were removed, also of messages that are not loaded: a page may have been on its
 * way. Pure state.
 *
 * @import { LoggedMessage } from "./channel-log.js"
 */

const MAX_REMOVED = 200;

export class RemovedFiles {
  /** The ids of removed files. @type {Set<string>} */ #ids = new Set();
  #expiredUpTo = 0;

  /** @param {string[]} ids */
  remove(ids) {
    for (const id of ids) this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_REMOVED) this.#ids.delete(oldest);
  }

  /** The files of all messages up to this number are gone. @param {number} seq */
  expire(seq) {
    this.#expiredUpTo = Math.max(this.#expiredUpTo, seq);
  }

  /** Return the message without what was removed. @param {LoggedMessage} message @returns {LoggedMessage} */
  applyTo(message) {
    const { attachments, seq, content } = message;
    if (!attachments?.length) return message;
    if (seq <= this.#expiredUpTo) return { ...message, attachments: [], msg: content ?? "" };
    if (!attachments.some(({ id, removed }) => this.#ids.has(id) && !removed)) return message;
    return { ...message, attachments: attachments.map((file) => (this.#ids.has(file.id) ? { ...file, removed: true } : file)) };
  }
}
