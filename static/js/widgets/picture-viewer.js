/** Shows a picture as large as the window allows. Esc, the button or a click beside the picture closes it. */
import { byId, part } from "../lib/dom.js";

/** @param {HTMLImageElement} thumbnail */
export function enlargePicture({ src, alt, naturalWidth, naturalHeight }) {
  const dialog = byId("dialog-picture", HTMLDialogElement);
  const image = part(dialog, "picture", HTMLImageElement);
  Object.assign(image, { src, alt, width: naturalWidth, height: naturalHeight });
  dialog.onclick = (event) => {
    if (event.target !== image) dialog.close();
  };
  dialog.onclose = () => image.removeAttribute("src");
  dialog.showModal();
}
