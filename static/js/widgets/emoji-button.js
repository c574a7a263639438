/** A composer's button that opens the emoji picker and inserts the chosen emoji at the caret. */

/** @import { EmojiPreferences } from "../state/emoji-preferences.js" */
import { byId } from "../lib/dom.js";
import { insertText } from "../lib/field-editing.js";
import { openEmojiPicker } from "./emoji-picker.js";

/** @param {EmojiPreferences} preferences @param {string} prefix of the ids of the composer's elements */
export function attachEmojiButton(preferences, prefix) {
  const button = byId(`${prefix}emoji-button`);
  const field = byId(`${prefix}composer`, HTMLTextAreaElement);
  button.addEventListener("click", () => {
    openEmojiPicker(button, {
      preferences,
      // On a touch screen the focus would open the keyboard.
      returnTo: matchMedia("(hover: hover)").matches ? field : button,
      choose: (emoji) => insertText(field, field.selectionStart, field.selectionEnd, emoji),
    });
  });
}
