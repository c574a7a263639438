/**
 * Suggests emoji while a name is typed after ":", and puts the emoji in the place of a name when its closing colon is typed.
 *
 * @import { EmojiCatalog, EmojiEntry } from "../lib/emoji-catalog.js"
 * @import { EmojiPreferences } from "../state/emoji-preferences.js"
 * @import { Query, Suggestion } from "./suggestion-list.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { inTone, isCustom, spokenName } from "../lib/emoji-catalog.js";
import { closedNameAt, emojiQueryAt } from "../lib/emoji-names.js";
import { insertText } from "../lib/field-editing.js";
import { language } from "../lib/i18n.js";
import { isUnfinishedInput } from "../lib/keys.js";
import { MAX_SUGGESTIONS } from "../lib/mentions.js";
import { UNSPACED } from "../lib/text.js";
import { loadEmoji } from "../page/emoji-loader.js";
import { customEmoji } from "../state/custom-emoji.js";
import { showEmoji } from "./custom-emoji.js";

export class EmojiSuggestions {
  template = "template-emoji-option";
  label = /** @type {const} */ ("emoji.suggestions");
  queryAt = emojiQueryAt;
  #field;
  /** @type {EmojiCatalog | null} */ #catalog = null;
  #update = () => {};

  /** @param {EmojiPreferences} preferences @param {string} prefix of the ids of the composer's elements */
  constructor(preferences, prefix) {
    this.preferences = preferences;
    customEmoji.on("change", () => (this.#catalog = null));
    this.#field = byId(`${prefix}composer`, HTMLTextAreaElement);
    this.#field.addEventListener("input", (event) => this.#onInput(event));
  }

  /** @param {() => void} update called when the emoji have been loaded */
  onFound(update) {
    this.#update = update;
  }

  /** @param {Query} query @returns {Suggestion[]} */
  find({ q }) {
    if (!this.#catalog) {
      this.#load();
      return [];
    }
    const catalog = this.#catalog;
    const preferred = this.preferences.frequent.flatMap((emoji) => catalog.entryOf(emoji) ?? []);
    return catalog.search(q, { limit: MAX_SUGGESTIONS, preferred }).map((entry) => ({
      id: `emoji-${entry.name}`,
      text: `${inTone(entry, this.preferences.tone)} `,
      // In Chinese a sentence may follow a colon.
      needsMove: UNSPACED.test(q),
      onTaken: () => this.preferences.countUse(entry.emoji),
      render: (option) => this.#render(option, entry),
    }));
  }

  async #load() {
    try {
      this.#catalog = await loadEmoji();
    } catch {
      // The next key tries again.
      return;
    }
    this.#update();
  }

  /** @param {Event} event */
  #onInput(event) {
    if (!(event instanceof InputEvent) || event.data !== ":" || isUnfinishedInput(event)) return;
    const { value, selectionStart, selectionEnd } = this.#field;
    const closed = selectionStart === selectionEnd ? closedNameAt(value, selectionEnd) : null;
    const entry = closed && this.#catalog?.byName(closed.q);
    // The name of a custom one stays as it is.
    if (!closed || !entry || isCustom(entry.emoji)) return;
    this.preferences.countUse(entry.emoji);
    insertText(this.#field, closed.start, selectionEnd, inTone(entry, this.preferences.tone));
  }

  /** @param {HTMLElement} option @param {EmojiEntry} entry */
  #render(option, entry) {
    const { name, aliases } = entry;
    showEmoji(part(option, "emoji"), inTone(entry, this.preferences.tone));
    setText(part(option, "name"), spokenName(entry, language.code === "zh"));
    setText(part(option, "code"), `:${aliases[0] ?? name}:`);
  }
}
