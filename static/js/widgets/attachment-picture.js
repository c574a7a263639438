/**
 * A picture of a message, at its final size before it is loaded.
 *
 * @import { Attachment } from "../net/wire-types.js"
 * @import { Upload } from "../net/uploads.js"
 * @import { ViewerPicture } from "./picture-viewer.js"
 */
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { pictureSpace } from "../lib/picture-size.js";

/** Animations up to this many bytes move in the timeline. */
const MAX_ANIMATION = 4 * 1024 * 1024;
const BASE64 = /^[\w+/]+=*$/;

/** @param {Attachment} attachment @param {Upload | undefined} upload @param {boolean} isSingle it keeps its proportions */
export function createPicture(attachment, upload, isSingle) {
  const button = cloneTemplate("template-attachment-picture", HTMLButtonElement);
  const image = part(button, "image", HTMLImageElement);
  if (isSingle) {
    const { width, height } = pictureSpace(attachment);
    image.width = width;
    image.height = height;
    button.style.width = `${width}px`;
    button.style.aspectRatio = `${width} / ${height}`;
  }
  const { preview = "" } = attachment;
  const blurred = part(button, "preview", HTMLImageElement);
  if (!upload?.url && BASE64.test(preview)) blurred.src = `data:image/webp;base64,${preview}`;
  else blurred.hidden = true;
  image.onload = () => {
    delete button.dataset.broken;
    image.hidden = false;
    button.dataset.loaded = "true";
    blurred.hidden = true;
  };
  image.onerror = () => {
    button.dataset.broken = "true";
    image.hidden = true;
  };
  image.src = upload?.url || smallUrl(attachment);
  return button;
}

/** @param {HTMLElement} button @param {Attachment} attachment @param {number} hidden pictures that are not shown beside it */
export function renderPicture(button, attachment, hidden) {
  const { id, name } = attachment;
  button.dataset.attachmentId = id;
  part(button, "image", HTMLImageElement).alt = name;
  button.title = name;
  const more = part(button, "more");
  more.hidden = hidden === 0;
  setText(more, `+${hidden}`);
  button.setAttribute("aria-label", hidden ? t("attachment.openMore", { name, n: hidden }) : t("attachment.open", { name }));
}

/** Load the pictures in a list again that could not be loaded: there is a connection now. @param {HTMLElement} list */
export function reloadPictures(list) {
  /** @type {NodeListOf<HTMLImageElement>} */
  const images = list.querySelectorAll("[data-broken] [data-part=image]");
  for (const image of images) {
    const { src } = image;
    image.removeAttribute("src");
    image.src = src;
  }
}

/** Return what the viewer shows. @param {Attachment} attachment @param {Upload | undefined} upload @returns {ViewerPicture} */
export function pictureItem(attachment, upload) {
  const { name, url, width = upload?.width, height = upload?.height } = attachment;
  const local = upload?.url ?? "";
  return { name, url: local || url, small: local || smallUrl(attachment), download: url, width, height };
}

/** @param {Attachment} attachment */
function smallUrl({ type, size, url, thumbnail }) {
  const moves = type === "image/gif" && size <= MAX_ANIMATION && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  return moves || !thumbnail ? url : thumbnail;
}
