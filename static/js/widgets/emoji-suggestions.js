/**
 * Suggests emoji while a name is typed after ":", and puts the emoji in the place of a name when its closing colon is typed, or
 * when the text is sent.
 *
 * @import { EmojiCatalog, EmojiEntry } from "../lib/emoji-catalog.js"
 * @import { EmojiPreferences } from "../state/emoji-preferences.js"
 * @import { Query, Suggestion } from "./suggestion-list.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { inTone, isCustom, spokenName } from "../lib/emoji-catalog.js";
import { closedNameAt, emojiQueryAt, possibleNames, replaceEmojiNames } from "../lib/emoji-names.js";
import { insertText } from "../lib/field-editing.js";
import { language } from "../lib/i18n.js";
import { isUnfinishedInput } from "../lib/keys.js";
import { MAX_SUGGESTIONS } from "../lib/mentions.js";
import { UNSPACED } from "../lib/text.js";
import { loadEmoji } from "../page/emoji-loader.js";
import { customEmoji } from "../state/custom-emoji.js";
import { showEmoji } from "./custom-emoji.js";

/** Names are sent as they are if the emoji cannot be loaded within this time. */
const LOAD_TIMEOUT_MS = 2000;

export class EmojiSuggestions {
  template = "template-emoji-option";
  label = /** @type {const} */ ("emoji.suggestions");
  queryAt = emojiQueryAt;
  #field;
  /** @type {EmojiCatalog | null} */ #catalog = null;
  #update = () => {};
  /** Names that the user has brought back by an undo. @type {Set<string>} */ #undoneNames = new Set();
  /** True if the emoji could not be loaded in time for a text to send. */ #hasGivenUp = false;

  /** @param {EmojiPreferences} preferences @param {string} prefix of the ids of the composer's elements */
  constructor(preferences, prefix) {
    this.preferences = preferences;
    customEmoji.on("change", () => this.#onCustomChange());
    this.#field = byId(`${prefix}composer`, HTMLTextAreaElement);
    this.#field.addEventListener("input", (event) => this.#onInput(event));
  }

  /** @param {() => void} update called when the emoji have been loaded, or have changed */
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

  /** Put emoji in the place of their names: see SuggestionList. @param {string} text @param {() => void} retry */
  complete(text, retry) {
    if (possibleNames(text).length === 0) return text;
    if (!this.#catalog && !this.#hasGivenUp) {
      this.#loadBefore(retry);
      return null;
    }
    this.#hasGivenUp = false;
    const undone = this.#undoneNames;
    this.#undoneNames = new Set();
    return replaceEmojiNames(text, (name) => (undone.has(name) ? "" : this.#use(name)));
  }

  /** @param {() => void} retry */
  async #loadBefore(retry) {
    await Promise.race([this.#load(), new Promise((resolve) => setTimeout(resolve, LOAD_TIMEOUT_MS))]);
    this.#hasGivenUp = !this.#catalog;
    retry();
  }

  /** Return the emoji of this name, or "" if there is none; that of a custom one stays as it is. @param {string} name */
  #use(name) {
    const entry = this.#catalog?.byName(name);
    if (!entry || isCustom(entry.emoji)) return "";
    this.preferences.countUse(entry.emoji);
    return inTone(entry, this.preferences.tone);
  }

  #onCustomChange() {
    const wasLoaded = this.#catalog !== null;
    this.#catalog = null;
    // A name that is being typed may be that of a new one.
    if (wasLoaded) this.#load();
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
    if (event instanceof InputEvent && event.inputType === "historyUndo") this.#undoneNames = new Set(possibleNames(this.#field.value));
    if (!(event instanceof InputEvent) || event.data !== ":" || isUnfinishedInput(event)) return;
    const { value, selectionStart, selectionEnd } = this.#field;
    const closed = selectionStart === selectionEnd ? closedNameAt(value, selectionEnd) : null;
    const emoji = closed && this.#use(closed.q);
    if (closed && emoji) insertText(this.#field, closed.start, selectionEnd, emoji);
  }

  /** @param {HTMLElement} option @param {EmojiEntry} entry */
  #render(option, entry) {
    const { name, aliases } = entry;
    showEmoji(part(option, "emoji"), inTone(entry, this.preferences.tone));
    setText(part(option, "name"), spokenName(entry, language.code === "zh"));
    setText(part(option, "code"), `:${aliases[0] ?? name}:`);
  }
}
