/**
 * Renders custom emoji as small pictures. Elsewhere, and once an emoji is removed, its name stands between colons.
 *
 * @import { CustomEmoji } from "../net/wire-types.js"
 */
import { splitEmojiNames } from "../lib/custom-emoji.js";
import { customEmoji } from "../state/custom-emoji.js";

/** Return the text as nodes, with a picture for each name of a custom emoji. @param {string} text @returns {(Node | string)[]} */
export function emojiNodes(text) {
  if (!text.includes(":")) return [text];
  return splitEmojiNames(text, (name) => customEmoji.get(name) !== undefined).map((segment) => {
    const emoji = segment.kind === "emoji" ? customEmoji.get(segment.name) : undefined;
    return emoji ? emojiPicture(emoji) : segment.text;
  });
}

/** Show an emoji of any kind, a custom one as in ":shipped:". @param {HTMLElement} element @param {string} emoji */
export function showEmoji(element, emoji) {
  const custom = customEmoji.ofReaction(emoji);
  if (!custom) {
    if (element.textContent !== emoji) element.textContent = emoji;
    return;
  }
  const shown = element.querySelector("img");
  if (shown?.getAttribute("src") !== custom.url) element.replaceChildren(emojiPicture(custom));
}

/** @param {CustomEmoji} emoji */
function emojiPicture({ name, url, width, height }) {
  const code = `:${name}:`;
  return Object.assign(document.createElement("img"), { className: "custom-emoji", src: url, alt: code, title: code, width, height });
}
