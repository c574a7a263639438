/** A picture or a voice message in its place, of its own size from the beginning. */
/** @import { Message } from "../net/protocol.js" */
import { clone, part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { bytesOf, sniff } from "../lib/media.js";
import { enlarge } from "./picture-viewer.js";

const LARGEST = 320;

/** The memory of what no element shows any more is given back. */
const forgotten = new FinalizationRegistry((/** @type {string} */ url) => URL.revokeObjectURL(url));

/** @param {Message} message of the type picture or voice @returns {HTMLElement} */
export function mediaElement(message) {
  if (!message.content) return instead(message, "Expired");
  const bytes = bytesOf(message.content);
  const found = bytes && sniff(bytes);
  const wanted = message.type === "picture" ? "image" : "audio";
  if (!bytes || found?.kind !== wanted) return instead(message, "Broken");
  const url = URL.createObjectURL(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], { type: found.type }));
  const element = found.kind === "image" ? picture(message, found, url) : voice(message, url);
  forgotten.register(element, url);
  return element;
}

/** @param {Message} message @param {import("../lib/media.js").Picture} size @param {string} url */
function picture(message, { width, height }, url) {
  const image = new Image();
  const scale = Math.min(1, LARGEST / width, LARGEST / height);
  image.width = Math.max(1, Math.round(width * scale));
  image.height = Math.max(1, Math.round(height * scale));
  image.className = "message-picture";
  image.dataset.testid = "message-picture";
  image.alt = t("message.pictureOf", { name: message.name });
  const button = clone("part-picture");
  button.onclick = () => enlarge(image);
  image.onerror = () => {
    // Of the same height, so that nothing moves.
    const line = instead(message, "Broken");
    line.style.height = `${image.height}px`;
    button.replaceWith(line);
  };
  image.src = url;
  button.append(image);
  return button;
}

/** @param {Message} message @param {string} url */
function voice(message, url) {
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.preload = "metadata";
  audio.className = "message-voice";
  audio.dataset.testid = "message-voice";
  audio.setAttribute("aria-label", t("message.voiceOf", { name: message.name }));
  audio.onerror = () => audio.replaceWith(instead(message, "Broken"));
  audio.src = url;
  return audio;
}

/**
 * A line in its place. The server keeps the place of what is past its time, and no content.
 * @param {Message} message @param {"Broken" | "Expired"} why @returns {HTMLElement}
 */
function instead({ type }, why) {
  const line = clone("part-unknown-media");
  const text = part(line, "text");
  // Named, for it is not made anew when another language is chosen.
  text.dataset.i18n = `message.${type === "voice" ? "voice" : "picture"}${why}`;
  text.textContent = t(text.dataset.i18n);
  return line;
}
