/** The square or round with a picture or letters that stands for a person or channel. */
import { clone } from "../lib/dom.js";
import { hue, initials } from "../lib/format.js";

/** @param {HTMLElement} element @param {{id: string, name: string, avatar?: string}} whom */
export function showAvatar(element, { id, name, avatar }) {
  const signature = `${id} ${name} ${avatar}`;
  if (element.dataset.shows === signature) return;
  element.dataset.shows = signature;
  element.dataset.hue = hue(id);
  element.textContent = initials(name);
  if (!avatar) return;
  const image = new Image();
  image.alt = "";
  // The letters stay below: they show until the picture is there, and for good if it is broken.
  image.onerror = () => image.remove();
  image.src = avatar;
  element.append(image);
}

/** @import { Channel } from "../net/protocol.js" @param {HTMLElement} element @param {Channel} channel */
export function showChannelAvatar(element, channel) {
  element.classList.toggle("square", channel.kind !== "private");
  if (channel.kind === "global") {
    if (element.dataset.shows === "room") return;
    element.dataset.shows = "room";
    element.dataset.hue = "room";
    element.replaceChildren(clone("part-hash"));
  } else if (channel.kind === "private" && channel.peer) showAvatar(element, channel.peer);
  else showAvatar(element, { id: channel.target, name: channel.name });
}
