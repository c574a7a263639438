/**
 * What was begun and not sent, per person and channel, in localStorage. No DOM.
 *
 * @typedef {{id: string, seq: number, name: string, msg: string}} Quoted
 * @typedef {{text: string, reply: Quoted | null}} Draft
 */

export class Drafts extends EventTarget {
  #personId = "";

  /** @param {Storage} storage */
  constructor(storage) {
    super();
    this.storage = storage;
  }

  /** @param {string} personId */
  load(personId) {
    this.#personId = personId;
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

  /** @param {string} target @param {Draft} draft */
  set(target, draft) {
    const had = this.has(target);
    const empty = !draft.text.trim() && !draft.reply;
    try {
      if (empty) this.storage.removeItem(this.#key(target));
      else this.storage.setItem(this.#key(target), JSON.stringify(draft));
    } catch {
      // No room for a draft is no reason to stop anybody from writing.
    }
    if (had === empty) this.dispatchEvent(new CustomEvent("change", { detail: target }));
  }

  /** All of this person's, who will not be back. */
  forgetAll() {
    for (const key of Object.keys(this.storage)) if (key.startsWith(this.#key(""))) this.storage.removeItem(key);
  }

  /** @param {string} target */
  #key(target) {
    return `im.draft.${this.#personId}.${target}`;
  }
}
