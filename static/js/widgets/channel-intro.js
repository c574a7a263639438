/** The introduction above the first message of a channel: its name, and in the global channel three tips. */

/** @import { Channel } from "../net/wire-types.js" */
/** @import { TextKey } from "../lib/i18n.js" */
import { part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { showChannelAvatar } from "./avatar.js";

/** @param {HTMLElement} element @param {Channel} channel @param {boolean} isGuest */
export function showChannelIntro(element, channel, isGuest) {
  const { target, name, kind } = channel;
  const signature = `${target} ${name} ${channel.picture} ${isGuest} ${language.code}`;
  if (element.dataset.rendered === signature) return;
  element.dataset.rendered = signature;
  showChannelAvatar(part(element, "avatar"), channel);
  setText(part(element, "title"), t(`intro.${kind}`, { name }));
  setText(part(element, "text"), t(`intro.${kind}Text`, { name }));
  const items = (kind === "global" ? tips(isGuest) : []).map((key) => {
    const item = document.createElement("li");
    item.textContent = t(key);
    return item;
  });
  const list = part(element, "tips");
  list.hidden = items.length === 0;
  list.replaceChildren(...items);
}

/** @param {boolean} isGuest @returns {TextKey[]} */
function tips(isGuest) {
  const hasKeyboard = matchMedia("(hover: hover)").matches;
  return ["tips.hello", isGuest ? "tips.register" : "tips.newChat", hasKeyboard ? "tips.shortcuts" : "tips.reply"];
}
