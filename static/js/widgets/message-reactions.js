/**
 * The reactions below a message: for each emoji a button with its number, which adds or removes the user's own.
 *
 * @import { Message, Reaction } from "../net/wire-types.js"
 */
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { formatNameList } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { showEmoji } from "./custom-emoji.js";

/** @param {HTMLElement} container @param {Message} message */
export function renderReactions(container, { reactions = [], recalled }) {
  const shown = recalled ? [] : reactions.filter(({ count }) => count > 0);
  container.hidden = shown.length === 0;
  /** @type {Map<string | undefined, HTMLElement>} */
  const known = new Map();
  for (const child of container.children) if (child instanceof HTMLElement) known.set(child.dataset.emoji, child);
  // A button stays for its emoji, so that it keeps the focus.
  const buttons = shown.map((reaction) => {
    const button = known.get(reaction.emoji) ?? cloneTemplate("template-reaction");
    renderReaction(button, reaction);
    return button;
  });
  for (const child of [...container.children]) if (!buttons.includes(/** @type {HTMLElement} */ (child))) child.remove();
  for (const [index, button] of buttons.entries()) {
    if (container.children[index] !== button) container.insertBefore(button, container.children[index] ?? null);
  }
}

/** @param {HTMLElement} button @param {Reaction} reaction */
function renderReaction(button, { emoji, count, mine, users }) {
  button.dataset.emoji = emoji;
  showEmoji(part(button, "emoji"), emoji);
  setText(part(button, "count"), String(count));
  button.setAttribute("aria-pressed", String(mine));
  const names = users.map(({ name }) => name);
  const label = t("reaction.by", { names: formatNameList(names, count), emoji });
  button.title = label;
  button.setAttribute("aria-label", label);
}
