/** The popup in which the user chooses an emoji: frequent ones, and a field for any other. */
import { cloneTemplate, part, targetOf } from "../lib/dom.js";
import { graphemes } from "../lib/graphemes.js";
import { isUnfinishedInput } from "../lib/keys.js";
import { isEmojiOnly } from "../lib/text.js";
import { openPopup } from "./popup.js";

const FREQUENT = [
  "👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👏", "🔥", "👀", "✅", "💯", "🚀", "🤔", "😍", "😅", "👎", "🙌", "💪", "🌹",
  "☕", "⏳", "❌", "➕",
];
const COLUMNS = 8;
/** Keys that move in the grid, by how many emoji. @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

/** Open the picker at the button, or close it if it is open. @param {HTMLElement} button @param {(emoji: string) => void} choose */
export function openReactionPicker(button, choose) {
  const picker = cloneTemplate("template-reaction-picker");
  const grid = part(picker, "grid");
  const field = part(picker, "other", HTMLInputElement);
  const buttons = FREQUENT.map(createChoice);
  grid.append(...buttons);
  const close = openPopup(button, () => picker, { closesOnTab: false });
  if (!close) return;
  const finish = (/** @type {string} */ emoji) => {
    close();
    choose(emoji);
  };
  grid.addEventListener("click", (event) => {
    const chosen = targetOf(event).closest("button");
    if (chosen) finish(chosen.textContent ?? "");
  });
  grid.addEventListener("keydown", (event) => moveFocus(buttons, event));
  field.addEventListener("input", (event) => {
    if (!isUnfinishedInput(event) && isOneEmoji(field.value.trim())) finish(field.value.trim());
  });
  buttons[0].focus();
}

/** @param {string} emoji */
function createChoice(emoji) {
  const button = cloneTemplate("template-reaction-choice", HTMLButtonElement);
  button.textContent = emoji;
  return button;
}

/** @param {string} text */
function isOneEmoji(text) {
  return isEmojiOnly(text) && graphemes(text).length === 1;
}

/** @param {HTMLElement[]} buttons @param {KeyboardEvent} event */
function moveFocus(buttons, event) {
  const step = STEPS[event.key];
  const next = buttons.findIndex((button) => button === document.activeElement) + (step ?? 0);
  if (step === undefined) return;
  event.preventDefault();
  buttons[next]?.focus();
}
