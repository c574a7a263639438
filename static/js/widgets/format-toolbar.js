/**
 * Formats the text of a composer: by buttons above the field, which touch screens show while it has the focus, and by
 * shortcuts. The browser's undo covers each change.
 *
 * @import { Format } from "../lib/text-formatting.js"
 */
import { byId, targetOf } from "../lib/dom.js";
import { applyEdit } from "../lib/field-editing.js";
import { isInputMethodKey } from "../lib/keys.js";
import { continueList, formatSelection } from "../lib/text-formatting.js";

/** By the letter or digit on the key, pressed with Ctrl, or Command on a Mac. @type {Record<string, Format>} */
const SHORTCUTS = { B: "bold", I: "italic", E: "code" };
/** The same with Shift. @type {Record<string, Format>} */
const SHIFT_SHORTCUTS = { X: "strike", U: "link", 8: "list", 9: "quote" };
const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

export class FormatToolbar {
  #hasComposition = false;
  #toolbar;
  #field;

  /** @param {string} prefix of the ids of the composer's elements */
  constructor(prefix) {
    this.#toolbar = byId(`${prefix}format-toolbar`);
    const field = (this.#field = byId(`${prefix}composer`, HTMLTextAreaElement));
    field.addEventListener("keydown", (event) => this.#onFieldKey(event));
    field.addEventListener("compositionstart", () => (this.#hasComposition = true));
    field.addEventListener("compositionend", () => (this.#hasComposition = false));
    // The field keeps the focus and, on phones, the keyboard.
    this.#toolbar.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#toolbar.addEventListener("mousedown", (event) => event.preventDefault());
    this.#toolbar.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement | null} */ (targetOf(event).closest("[data-format]"));
      if (button) this.#format(/** @type {Format} */ (button.dataset.format));
    });
    this.#toolbar.addEventListener("keydown", (event) => this.#onToolbarKey(event));
    new MutationObserver(() => this.#render()).observe(field, { attributeFilter: ["disabled"] });
    this.#render();
  }

  #render() {
    this.#toolbar.hidden = this.#field.disabled;
  }

  /** @param {KeyboardEvent} event */
  #onFieldKey(event) {
    if (event.defaultPrevented || isInputMethodKey(event) || event.altKey) return;
    const { shiftKey, ctrlKey, metaKey, key } = event;
    if (key === "Enter" && shiftKey && !ctrlKey && !metaKey) {
      const { value, selectionStart, selectionEnd } = this.#field;
      const edit = selectionStart === selectionEnd ? continueList(value, selectionStart) : null;
      if (!edit) return;
      applyEdit(this.#field, edit);
    } else if (IS_MAC ? metaKey && !ctrlKey : ctrlKey && !metaKey) {
      const format = (shiftKey ? SHIFT_SHORTCUTS : SHORTCUTS)[keyName(event)];
      if (!format) return;
      this.#format(format);
    } else return;
    event.preventDefault();
  }

  /** Move between the buttons by arrow keys: only one of them is in the order of Tab. @param {KeyboardEvent} event */
  #onToolbarKey(event) {
    const buttons = /** @type {HTMLElement[]} */ ([...this.#toolbar.children]);
    const current = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    const last = buttons.length - 1;
    const next = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    buttons.forEach((button) => (button.tabIndex = -1));
    const button = buttons[(next + buttons.length) % buttons.length];
    button.tabIndex = 0;
    button.focus();
  }

  /** @param {Format} format */
  #format(format) {
    // An input method owns the text that it composes.
    if (this.#hasComposition || this.#field.disabled) return;
    const { value, selectionStart, selectionEnd } = this.#field;
    applyEdit(this.#field, formatSelection(value, selectionStart, selectionEnd, format));
  }
}

/** Return the key's Latin letter or digit; by its place if the layout has none or Shift makes it a sign. @param {KeyboardEvent} event */
function keyName({ key, code }) {
  return /^[a-z]$/i.test(key) ? key.toUpperCase() : code.replace(/^(?:Key|Digit)/, "");
}
