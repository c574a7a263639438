/** What stands above the first message of a channel: what it is, and for the room, three things to try. */
/** @import { Channel } from "../net/protocol.js" */
import { part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { showChannelAvatar } from "./avatar.js";

/** @param {HTMLElement} element @param {Channel} channel @param {boolean} isGuest */
export function showStart(element, channel, isGuest) {
  const signature = `${channel.target} ${channel.name} ${isGuest} ${language.code}`;
  if (element.dataset.shows === signature) return;
  element.dataset.shows = signature;
  showChannelAvatar(part(element, "avatar"), channel);
  setText(part(element, "title"), t(`start.${channel.kind}`, { name: channel.name }));
  setText(part(element, "text"), t(`start.${channel.kind}Text`));
  const third = matchMedia("(hover: hover)").matches ? "keys" : "reply";
  const tips = channel.kind === "global" ? ["hello", isGuest ? "guest" : "people", third] : [];
  const list = part(element, "tips");
  list.hidden = tips.length === 0;
  list.replaceChildren(
    ...tips.map((tip) => Object.assign(document.createElement("li"), { textContent: t(`tips.${tip}`) })),
  );
}
