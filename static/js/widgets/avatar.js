/** Shows the avatar of a user or channel: a picture, or initials on a colour. */

/** @import { Channel } from "../net/wire-types.js" */
import { cloneTemplate } from "../lib/dom.js";
import { avatarColor, initials } from "../lib/format.js";

/** @param {HTMLElement} element @param {{id: string, name: string, avatar?: string}} owner */
export function showAvatar(element, { id, name, avatar }) {
  const signature = `${id} ${name} ${avatar}`;
  if (element.dataset.rendered === signature) return;
  element.dataset.rendered = signature;
  element.dataset.color = avatarColor(id);
  element.textContent = initials(name);
  if (!avatar) return;
  const image = new Image();
  image.alt = "";
  // The initials stay below the picture: they show until it is loaded, and if it is broken.
  image.onerror = () => image.remove();
  image.src = avatar;
  element.append(image);
}

/** @param {HTMLElement} element @param {Channel} channel */
export function showChannelAvatar(element, channel) {
  element.classList.toggle("square", channel.kind !== "private");
  if (channel.kind === "global") {
    if (element.dataset.rendered === "global") return;
    element.dataset.rendered = "global";
    element.dataset.color = "global";
    element.replaceChildren(cloneTemplate("template-icon-channel", SVGElement));
  } else if (channel.kind === "private" && channel.peer) showAvatar(element, channel.peer);
  else showAvatar(element, { id: channel.target, name: channel.name, avatar: channel.picture });
}

/** Show or hide the presence dot; for a user who is away it is hollow. @param {HTMLElement} avatar @param {"online" | "away" | "offline"} presence */
export function showPresence(avatar, presence) {
  avatar.classList.toggle("online", presence !== "offline");
  avatar.classList.toggle("away", presence === "away");
}
