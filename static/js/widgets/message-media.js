/** Shows a picture or voice message, at its final size from the start. */

/** @import { Message } from "../net/wire-types.js" */
/** @import { PictureInfo } from "../lib/media.js" */
import { cloneTemplate, part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { decodeBase64, detectMedia } from "../lib/media.js";
import { showPictures } from "./picture-viewer.js";

const MAX_THUMBNAIL_PX = 320;

/** Frees the memory of content whose element is gone. */
const urls = new FinalizationRegistry((/** @type {string} */ url) => URL.revokeObjectURL(url));

/** @param {Message} message of the type picture or voice @returns {HTMLElement} */
export function mediaElement(message) {
  if (!message.content) return unavailableMedia(message, "Expired");
  const bytes = decodeBase64(message.content);
  const media = bytes && detectMedia(bytes);
  const expected = message.type === "picture" ? "image" : "audio";
  if (!bytes || media?.kind !== expected) return unavailableMedia(message, "Broken");
  const url = URL.createObjectURL(new Blob([bytes], { type: media.type }));
  const element = media.kind === "image" ? pictureElement(message, media, url) : voiceElement(message, url);
  urls.register(element, url);
  return element;
}

/** @param {Message} message @param {PictureInfo} size @param {string} url @returns {HTMLElement} */
function pictureElement(message, { width, height }, url) {
  const image = new Image();
  const scale = Math.min(1, MAX_THUMBNAIL_PX / width, MAX_THUMBNAIL_PX / height);
  image.width = Math.max(1, Math.round(width * scale));
  image.height = Math.max(1, Math.round(height * scale));
  image.className = "message-picture";
  image.dataset.testid = "message-picture";
  image.alt = t("message.pictureFrom", { name: message.name });
  const button = cloneTemplate("template-picture", HTMLButtonElement);
  button.onclick = () => showPictures([{ name: image.alt, url, small: url, download: "", width, height }], 0);
  image.onerror = () => {
    const replacement = unavailableMedia(message, "Broken");
    // The same height, so that nothing below moves.
    replacement.style.height = `${image.height}px`;
    button.replaceWith(replacement);
  };
  image.src = url;
  button.append(image);
  return button;
}

/** @param {Message} message @param {string} url @returns {HTMLElement} */
function voiceElement(message, url) {
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.preload = "metadata";
  audio.className = "message-voice";
  audio.dataset.testid = "message-voice";
  audio.setAttribute("aria-label", t("message.voiceFrom", { name: message.name }));
  audio.onerror = () => audio.replaceWith(unavailableMedia(message, "Broken"));
  audio.src = url;
  return audio;
}

/**
 * Return a line in place of the content. After the retention time, the server sends messages without content.
 * @param {Message} message
 * @param {"Broken" | "Expired"} reason
 */
function unavailableMedia({ type }, reason) {
  const line = cloneTemplate("template-unavailable-media");
  const text = part(line, "text");
  const key = /** @type {const} */ (`message.${type === "voice" ? "voice" : "picture"}${reason}`);
  // The line is not rendered again when the language changes, so it names its text.
  text.dataset.i18n = key;
  text.textContent = t(key);
  return line;
}
