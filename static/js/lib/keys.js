/** Tells the keys that a user presses for the page from those that an input method uses to compose text. */

/** The key code of a key that an input method has handled. */
const INPUT_METHOD_KEY_CODE = 229;

/**
 * Tell whether the key belongs to an input method, such as the Enter that accepts a Chinese word. Every handler of keys
 * in a field asks this first. Safari ends the composition before it reports that Enter, so `isComposing` is false and
 * only the key code tells.
 * @param {KeyboardEvent} event
 */
export function isInputMethodKey(event) {
  return event.isComposing || event.keyCode === INPUT_METHOD_KEY_CODE;
}

/** Tell whether an `input` event brings a part of a word that is not accepted yet. @param {Event} event */
export function isUnfinishedInput(event) {
  return event instanceof InputEvent && event.isComposing;
}
