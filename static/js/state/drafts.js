/**
 * Unsent text, per user and channel, in localStorage. No DOM.
 *
 * `change`: a channel, named by its target, has got a draft or lost it.
 * @typedef {{id: string, seq: number, name: string, msg: string}} ReplyReference  the message that a reply answers
 * @typedef {{text: string, reply: ReplyReference | null}} Draft  stored as it is, so its names must stay
 */
import { Emitter } from "../lib/events.js";

/** @extends {Emitter<{change: string}>} */
export class Drafts extends Emitter {
  #userId = "";

  /** @param {Storage} storage */
  constructor(storage) {
    super();
    this.storage = storage;
  }

  /** Use the drafts of this user. @param {string} id */
  load(id) {
    this.#userId = id;
  }

  /** @param {string} target @returns {Draft} */
  get(target) {
    try {
      return JSON.parse(this.storage.getItem(this.#key(target)) ?? "") ?? { text: "", reply: null };
    } catch {
      return { text: "", reply: null };
    }
  }

  /** @param {string} target */
  has(target) {
    return this.storage.getItem(this.#key(target)) !== null;
  }

  /** Keep a draft; an empty one is removed. @param {string} target @param {Draft} draft */
  set(target, draft) {
    const hadDraft = this.has(target);
    const isEmpty = !draft.text.trim() && !draft.reply;
    try {
      if (isEmpty) this.storage.removeItem(this.#key(target));
      else this.storage.setItem(this.#key(target), JSON.stringify(draft));
    } catch {
      // A full storage must not keep the user from writing.
    }
    if (hadDraft === isEmpty) this.emit("change", target);
  }

  /** Delete all drafts of the user, who will not return. */
  clear() {
    for (const key of Object.keys(this.storage)) if (key.startsWith(this.#key(""))) this.storage.removeItem(key);
  }

  /** @param {string} target */
  #key(target) {
    return `im.draft.${this.#userId}.${target}`;
  }
}
