/**
 * The custom emoji of the site, by name. No DOM.
 *
 * @import { CustomEmoji } from "../net/wire-types.js"
 */
import { withStandIns } from "../lib/custom-emoji.js";
import { Emitter } from "../net/events.js";
import { isEmojiOnly } from "../lib/text.js";

/** @extends {Emitter<{change: null}>} */
class CustomEmojiSet extends Emitter {
  /** @type {Map<string, CustomEmoji>} */ #emoji = new Map();
  /** Grows with each change. */
  version = 0;

  /** All, in the order of their names. */
  get all() {
    return [...this.#emoji.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @param {string} name */
  get(name) {
    return this.#emoji.get(name);
  }

  /** Return the emoji that a reaction names, as in ":shipped:", or undefined. @param {string} emoji */
  ofReaction(emoji) {
    return emoji.startsWith(":") ? this.get(emoji.slice(1, -1)) : undefined;
  }

  /** Tell whether the text consists of a few emoji only, of any kind. @param {string} text */
  isEmojiOnly(text) {
    return isEmojiOnly(withStandIns(text, (name) => this.#emoji.has(name)));
  }

  /** @param {CustomEmoji[]} emoji */
  setAll(emoji) {
    const isSame = emoji.length === this.#emoji.size && emoji.every(({ name, url }) => this.get(name)?.url === url);
    if (isSame) return;
    this.#emoji = new Map(emoji.map((one) => [one.name, one]));
    this.#onChange();
  }

  /** @param {string} name @param {CustomEmoji | undefined} emoji  undefined: it has been removed */
  set(name, emoji) {
    if (emoji) this.#emoji.set(name, emoji);
    else this.#emoji.delete(name);
    this.#onChange();
  }

  #onChange() {
    this.version += 1;
    this.emit("change");
  }
}

export const customEmoji = new CustomEmojiSet();
