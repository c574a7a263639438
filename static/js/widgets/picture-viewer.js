/**
 * Shows pictures as large as the window allows, one after the other. Arrow keys, buttons and swipes change the picture;
 * Esc, the button, a click beside the picture or a swipe down closes the viewer.
 *
 * @typedef {{name: string, url: string, small: string, download: string, width?: number, height?: number,
 *   forward?: (() => void) | null}} ViewerPicture
 *   `small`: the address of what is loaded already; `download`: "" if it is not on the server; `forward` opens a dialog
 */
import { byId, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** Distances in px that a finger moves for a swipe. */
const SWIPE = 50;
const SWIPE_DOWN = 90;

/** Show the picture at the index. @param {ViewerPicture[]} pictures @param {number} index */
export function showPictures(pictures, index) {
  if (pictures.length) new PictureViewer(pictures, index);
}

class PictureViewer {
  #dialog = byId("dialog-picture", HTMLDialogElement);
  #image = part(this.#dialog, "picture", HTMLImageElement);
  /** Ends all listeners of this showing. */ #closing = new AbortController();
  /** The place at which a finger began to move. @type {{x: number, y: number} | null} */ #start = null;

  /** @param {ViewerPicture[]} pictures @param {number} index */
  constructor(pictures, index) {
    this.pictures = pictures;
    this.index = index;
    const dialog = this.#dialog;
    const { signal } = this.#closing;
    part(dialog, "previous").addEventListener("click", () => this.#move(-1), { signal });
    part(dialog, "next").addEventListener("click", () => this.#move(1), { signal });
    part(dialog, "close").addEventListener("click", () => dialog.close(), { signal });
    part(dialog, "forward").addEventListener("click", () => this.pictures[this.index].forward?.(), { signal });
    part(dialog, "stage").addEventListener("click", ({ target }) => target !== this.#image && dialog.close(), { signal });
    dialog.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    dialog.addEventListener("pointerdown", ({ isPrimary, clientX: x, clientY: y }) => {
      // Two fingers zoom.
      this.#start = isPrimary ? { x, y } : null;
    }, { signal });
    dialog.addEventListener("pointerup", (event) => this.#onPointerUp(event), { signal });
    dialog.addEventListener("close", () => this.#onClose(), { signal });
    dialog.showModal();
    part(dialog, "close").focus();
    this.#render();
  }

  #render() {
    const dialog = this.#dialog;
    const { name, url, small, download, width, height } = this.pictures[this.index];
    const image = this.#image;
    const place = this.index;
    Object.assign(image, { alt: name, hidden: false });
    for (const [side, length] of /** @type {const} */ ([["width", width], ["height", height]])) {
      if (length) image.setAttribute(side, String(length));
      else image.removeAttribute(side);
    }
    part(dialog, "broken").hidden = true;
    image.src = small;
    const isShown = () => dialog.open && this.index === place && !this.#closing.signal.aborted;
    const full = new Image();
    full.onload = () => {
      if (isShown() && image.src !== full.src) image.src = full.src;
    };
    full.onerror = () => {
      if (!isShown()) return;
      image.hidden = true;
      part(dialog, "broken").hidden = false;
    };
    full.src = url;
    setText(part(dialog, "name"), name);
    const n = this.pictures.length;
    setText(part(dialog, "count"), n > 1 ? `${this.index + 1} / ${n}` : "");
    for (const [control, next] of /** @type {const} */ ([["previous", -1], ["next", 1]])) {
      const button = part(dialog, control, HTMLButtonElement);
      button.hidden = n === 1;
      const isEnd = this.pictures[this.index + next] === undefined;
      if (isEnd && button === document.activeElement) part(dialog, "close").focus();
      button.disabled = isEnd;
    }
    part(dialog, "forward").hidden = !this.pictures[this.index].forward;
    const link = part(dialog, "download", HTMLAnchorElement);
    link.hidden = !download;
    link.href = download;
    link.download = name;
    link.title = t("attachment.download", { name });
    link.setAttribute("aria-label", link.title);
  }

  /** @param {number} step */
  #move(step) {
    const index = Math.max(0, Math.min(this.index + step, this.pictures.length - 1));
    if (index === this.index) return;
    this.index = index;
    this.#render();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { key } = event;
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#move(step);
  }

  /** @param {PointerEvent} event */
  #onPointerUp({ pointerType, clientX, clientY }) {
    if (pointerType === "mouse" || !this.#start || (visualViewport?.scale ?? 1) > 1) return;
    const x = clientX - this.#start.x;
    const y = clientY - this.#start.y;
    if (Math.abs(x) > SWIPE && Math.abs(x) > Math.abs(y)) this.#move(x < 0 ? 1 : -1);
    else if (y > SWIPE_DOWN && y > Math.abs(x)) this.#dialog.close();
  }

  #onClose() {
    this.#closing.abort();
    this.#image.removeAttribute("src");
  }
}
