/** One picture as large as the window allows, over everything else. Esc, the button or a click beside it close it. */
import { byId, part } from "../lib/dom.js";

/** @param {HTMLImageElement} shown the picture in its place */
export function enlarge({ src, alt, naturalWidth, naturalHeight }) {
  const dialog = byId("dialog-picture");
  const image = /** @type {HTMLImageElement} */ (part(dialog, "picture"));
  Object.assign(image, { src, alt, width: naturalWidth, height: naturalHeight });
  dialog.onclick = (/** @type {MouseEvent} */ event) => event.target !== image && dialog.close();
  dialog.onclose = () => image.removeAttribute("src");
  dialog.showModal();
}
