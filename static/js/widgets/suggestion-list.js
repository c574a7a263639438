/**
 * The suggestions for what is being typed in a composer, such as a user's name after "@". Arrow keys move in the list; Tab
 * and Enter take a suggestion; Esc closes the list.
 *
 * @import { TextKey } from "../lib/i18n.js"
 * @import { Store } from "../net/state/store.js"
 * @typedef {{start: number, q: string}} Query  where what is typed begins, and the text from there to the caret without its sign
 * @typedef {{id: string, text: string, needsMove: boolean, render: (option: HTMLElement) => void,
 *   onTaken?: () => void}} Suggestion  `text`: takes the place of what is typed; `needsMove`: Enter takes it only if the user
 *   has moved in the list, and else sends the message
 * @typedef {{template: string, label: TextKey, queryAt: (text: string, caret: number) => Query | null,
 *   find: (query: Query) => Suggestion[], onFound: (update: () => void) => void,
 *   complete?: (text: string, retry: () => void) => string | null}} SuggestionSource  `onFound`: sets what is
 *   called when more suggestions have been loaded; `complete`: see SuggestionList
 * @typedef {{source: SuggestionSource, query: Query, suggestions: Suggestion[]}} Found
 */
import { byId, cloneTemplate, reconcile } from "../lib/dom.js";
import { insertText } from "../lib/field-editing.js";
import { t } from "../lib/i18n.js";

export class SuggestionList {
  #list;
  #field;
  /** @type {Suggestion[]} */ #suggestions = [];
  /** @type {SuggestionSource | null} */ #source = null;
  /** @type {Query | null} */ #query = null;
  #activeIndex = 0;
  /** True if the user has moved in the list. */ #hasMoved = false;
  /** The start of the text whose suggestions the user has closed; -1: none. */ #dismissedStart = -1;

  /** @param {{store: Store, sources: SuggestionSource[], prefix: string}} deps  `prefix`: of the ids of the composer's elements */
  constructor({ store, sources, prefix }) {
    this.sources = sources;
    this.#list = byId(`${prefix}suggestion-list`);
    this.#field = byId(`${prefix}composer`, HTMLTextAreaElement);
    document.addEventListener("selectionchange", () => this.#update());
    this.#field.addEventListener("input", () => this.#update());
    this.#field.addEventListener("blur", () => this.close());
    store.on("current", () => this.close());
    for (const source of sources) source.onFound(() => this.#update());
    // The field must keep the focus.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  /**
   * Handle a key of the composer, for which `isInputMethodKey` is false. Returns whether the key was for the list.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    const count = this.#suggestions.length;
    const active = this.#suggestions[this.#activeIndex];
    if (!active || shiftKey || ctrlKey || altKey || metaKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const isChosen = key === "Tab" || (key === "Enter" && (this.#hasMoved || !active.needsMove));
    if (step) {
      this.#activeIndex = (this.#activeIndex + step + count) % count;
      this.#hasMoved = true;
      this.#render();
    } else if (key === "Escape") {
      this.#dismissedStart = this.#query?.start ?? -1;
      this.close();
    } else if (isChosen) this.#insert(active);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /**
   * Return the text to send: names that the user has not completed are. Null if what it takes is still loading; `retry` is
   * called then, soon, unless the user goes on writing.
   * @param {string} text
   * @param {() => void} retry
   */
  complete(text, retry) {
    const { value } = this.#field;
    return this.#complete(text, () => this.#field.value === value && retry());
  }

  /** @param {string} text @param {() => void} retry */
  #complete(text, retry) {
    let completed = /** @type {string | null} */ (text);
    for (const source of this.sources) if (source.complete && completed !== null) completed = source.complete(completed, retry);
    return completed;
  }

  /** Resolve with the completed text as soon as it can be. @param {string} text @returns {Promise<string>} */
  completed(text) {
    return new Promise((resolve) => {
      const finish = () => {
        const completed = this.#complete(text, finish);
        if (completed !== null) resolve(completed);
      };
      finish();
    });
  }

  #update() {
    const { selectionStart, selectionEnd, value } = this.#field;
    const hasCaret = document.activeElement === this.#field && selectionStart === selectionEnd;
    const found = hasCaret ? this.#findAt(value, selectionEnd) : null;
    if (found?.query.start !== this.#dismissedStart) this.#dismissedStart = -1;
    if (!found || this.#dismissedStart >= 0) this.close();
    else this.#show(found);
  }

  /**
   * Return the suggestions of the first source that has any: an emoji may follow a name, which may contain spaces.
   * @param {string} text
   * @param {number} caret
   * @returns {Found | null}
   */
  #findAt(text, caret) {
    let empty = null;
    for (const source of this.sources) {
      const query = source.queryAt(text, caret);
      if (!query) continue;
      const found = { source, query, suggestions: source.find(query) };
      if (found.suggestions.length) return found;
      empty ??= found;
    }
    return empty;
  }

  /** @param {Found} found */
  #show({ source, query, suggestions }) {
    if (query.q !== this.#query?.q || query.start !== this.#query?.start) this.#hasMoved = false;
    const activeId = this.#hasMoved ? this.#suggestions[this.#activeIndex]?.id : "";
    if (source !== this.#source) this.#list.replaceChildren();
    this.#source = source;
    this.#query = query;
    this.#suggestions = suggestions;
    this.#activeIndex = Math.max(0, this.#suggestions.findIndex(({ id }) => id === activeId));
    this.#render();
  }

  /** Hide the suggestions, such as when the page has changed the text. */
  close() {
    this.#query = null;
    this.#suggestions = [];
    this.#hasMoved = false;
    this.#render();
  }

  /** @param {Suggestion} suggestion */
  #insert({ text, onTaken }) {
    if (!this.#query) return;
    onTaken?.();
    insertText(this.#field, this.#query.start, this.#field.selectionEnd, text);
  }

  #render() {
    const active = this.#suggestions[this.#activeIndex];
    const { template = "", label = null } = this.#source ?? {};
    this.#list.hidden = this.#suggestions.length === 0;
    if (label) this.#list.setAttribute("aria-label", t(label));
    reconcile(this.#list, this.#suggestions, {
      key: ({ id }) => id,
      create: () => cloneTemplate(template),
      update: (option, suggestion) => {
        option.id = `suggestion-${suggestion.id}`;
        option.setAttribute("aria-selected", String(suggestion === active));
        option.onclick = () => this.#insert(suggestion);
        suggestion.render(option);
      },
    });
    if (active) this.#field.setAttribute("aria-activedescendant", `suggestion-${active.id}`);
    else this.#field.removeAttribute("aria-activedescendant");
  }
}
