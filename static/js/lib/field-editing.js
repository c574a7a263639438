/** Edits the text of a field so that the browser's undo takes the change back, and fits its height. */

/** @import { TextEdit } from "./text-formatting.js" */

/**
 * Give the field the focus and carry the edit out, as if the user had typed it.
 * @param {HTMLTextAreaElement | HTMLInputElement} field
 * @param {TextEdit} edit
 */
export function applyEdit(field, { from, to, insert, start, end }) {
  field.focus({ preventScroll: true });
  field.setSelectionRange(from, to);
  // The only way that keeps what can be undone.
  const isDone = insert ? document.execCommand("insertText", false, insert) : from === to || document.execCommand("delete");
  if (!isDone) {
    field.setRangeText(insert, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  field.setSelectionRange(start, end);
}

/**
 * Replace a part of the field's text, which ends at the caret, and put the caret behind it. If the user takes that back at
 * once, the caret is where it was: browsers select what the undo brings back, and the next key would replace it.
 * @param {HTMLTextAreaElement | HTMLInputElement} field
 * @param {number} from
 * @param {number} to
 * @param {string} text
 */
export function insertText(field, from, to, text) {
  const caret = from + text.length;
  applyEdit(field, { from, to, insert: text, start: caret, end: caret });
  field.addEventListener("input", (event) => {
    const isUndone = event instanceof InputEvent && event.inputType === "historyUndo";
    if (isUndone && field.selectionStart === from && field.selectionEnd === to) field.setSelectionRange(to, to);
  }, { once: true });
}

/** Newer browsers fit the field themselves, without a layout at each key. */
const IS_FITTED = CSS.supports("field-sizing", "content");

/**
 * Give the field the height of its text.
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} [form]  keeps its height meanwhile; a timeline above it would else become taller and be scrolled
 */
export function fitHeight(field, form) {
  if (IS_FITTED) return;
  if (form) form.style.minHeight = `${form.offsetHeight}px`;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
  if (form) form.style.minHeight = "";
}
