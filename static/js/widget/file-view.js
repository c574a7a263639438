/**
 * Renders the files of messages of an embedded channel: pictures in place, sound and video that can be played, and others
 * as cards that save them.
 *
 * A loaded file is never opened as a page: it would run with the rights of the page around the widget.
 * @import { Attachment } from "../net/wire-types.js"
 * @import { WidgetFiles } from "./files.js"
 * @import { WidgetLanguage } from "./texts.js"
 * @typedef {{language: WidgetLanguage, files: WidgetFiles}} FileContext
 */
import { pictureSpace } from "../lib/picture-size.js";
import { isRequestFailure } from "../net/protocol.js";
import { make } from "./dom.js";
import { formatSize, refusalText, widgetText } from "./texts.js";

/** Sound and video of up to this many bytes are played; larger ones are only saved. */
const MAX_PLAYED = 100 * 1024 * 1024;

/** Loads pictures once they are near. @type {WeakMap<Element, () => void>} */
const waiting = new WeakMap();
const nearness = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      nearness.unobserve(target);
      waiting.get(target)?.();
    }
  },
  { rootMargin: "300px" },
);

/** @param {Attachment} file @param {FileContext} context @returns {HTMLElement} */
export function fileElement(file, context) {
  if (file.removed || !file.url) return make("div", { className: "card" }, make("bdi", { className: "card-title" }, file.name));
  if (file.kind === "image") return pictureElement(file, context);
  const isPlayed = (file.kind === "audio" || file.kind === "video") && file.size <= MAX_PLAYED;
  return fileCard(file, context, isPlayed);
}

/** @param {Attachment} file @param {FileContext} context */
function pictureElement(file, context) {
  const { language, files } = context;
  const { width, height } = pictureSpace(file);
  const image = make("img", { alt: file.name, width, height });
  const button = make("button", { type: "button", className: "picture", title: file.name, "aria-label": widgetText(language, "showPicture", { name: file.name }) }, image);
  button.style.aspectRatio = `${width} / ${height}`;
  button.style.width = `${width}px`;
  image.onerror = () => button.replaceWith(fileCard(file, context, false));
  button.onclick = () => showPicture(button, file, context);
  waiting.set(button, async () => {
    try {
      image.src = await files.picture(file);
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      button.replaceWith(fileCard(file, context, false));
    }
  });
  nearness.observe(button);
  return button;
}

/** A card with the file's name and size. A click plays it in place, or saves it. @param {Attachment} file @param {FileContext} context @param {boolean} isPlayed */
function fileCard(file, { language, files }, isPlayed) {
  const size = formatSize(file.size, language);
  const detail = make("span", { className: "card-detail" }, size);
  const label = widgetText(language, isPlayed ? "play" : "save", { name: file.name });
  const card = make("button", { type: "button", className: "card", title: label, "aria-label": `${label} · ${size}` }, make("bdi", { className: "card-title" }, file.name), detail);
  card.onclick = async () => {
    card.disabled = true;
    detail.textContent = `${size} · ${widgetText(language, "loading")}`;
    try {
      const blob = await files.load(file);
      detail.textContent = size;
      if (isPlayed) card.replaceWith(player(file, blob));
      else saveFile(blob, file.name);
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      detail.textContent = `${size} · ${refusalText(language, error) || widgetText(language, "fileFailed")}`;
    }
    card.disabled = false;
  };
  return card;
}

/** @param {Attachment} file @param {Blob} blob */
function player(file, blob) {
  const address = URL.createObjectURL(blob);
  const media = make(file.kind === "audio" ? "audio" : "video", { className: "player", controls: true, autoplay: true, src: address, "aria-label": file.name });
  return media;
}

/** Show the whole picture over the page. @param {HTMLElement} opener @param {Attachment} file @param {FileContext} context */
async function showPicture(opener, file, { language, files }) {
  const image = make("img", { alt: file.name });
  const close = make("button", { type: "button", className: "viewer-button" }, widgetText(language, "closePicture"));
  const save = make("button", { type: "button", className: "viewer-button" }, widgetText(language, "saveShort"));
  const dialog = make("dialog", { className: "viewer", "aria-label": file.name }, image, make("div", { className: "viewer-bar" }, save, close));
  close.onclick = () => dialog.close();
  dialog.onclick = ({ target }) => target === dialog && dialog.close();
  dialog.onclose = () => {
    dialog.remove();
    opener.focus();
  };
  save.onclick = async () => {
    try {
      saveFile(await files.load(file), file.name);
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      save.textContent = widgetText(language, "fileFailed");
    }
  };
  opener.closest(".frame")?.append(dialog);
  dialog.showModal();
  close.focus();
  try {
    image.src = await files.wholePicture(file);
  } catch (error) {
    if (!isRequestFailure(error)) throw error;
    image.replaceWith(make("p", {}, refusalText(language, error) || widgetText(language, "fileFailed")));
  }
}

/** @param {Blob} blob @param {string} name */
function saveFile(blob, name) {
  const address = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  make("a", { href: address, download: name }).click();
  // The browser needs the address until it has begun to save.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
