/** Plays a video or sound with the browser's own controls. */

/** @import { Attachment } from "../net/wire-types.js" */
import { cloneTemplate, part } from "../lib/dom.js";
import { pictureSpace } from "../lib/picture-size.js";
import { showFileName } from "./file-card.js";

/**
 * @param {Attachment} attachment
 * @param {string} url
 * @param {() => HTMLElement} fallback makes what takes its place if the browser cannot play it
 */
export function createPlayer(attachment, url, fallback) {
  const isVideo = attachment.kind === "video";
  const figure = cloneTemplate(isVideo ? "template-video" : "template-audio");
  const media = part(figure, "media", /** @type {new () => HTMLMediaElement} */ (HTMLMediaElement));
  if (media instanceof HTMLVideoElement) {
    const { width, height } = pictureSpace(attachment);
    media.width = width;
    media.height = height;
    if (attachment.thumbnail) media.poster = attachment.thumbnail;
  } else showFileName(figure, attachment.name);
  media.setAttribute("aria-label", attachment.name);
  media.onerror = () => {
    const { height } = figure.getBoundingClientRect();
    // The same height, so that nothing below moves.
    figure.style.minHeight = `${height}px`;
    figure.replaceChildren(fallback());
  };
  media.src = url;
  return figure;
}
