/**
 * Takes files for the composers: chosen by a button, dropped on the chat or a part of it, or pasted. Where no files can be
 * sent, it says why. Without it, the browser would open a dropped file or link in place of the page, and ignore a pasted picture.
 *
 * @typedef {{receiver: FileReceiver, input: HTMLInputElement, dropZone: HTMLElement}} Place
 * @typedef {{refusal: () => string, add: (files: File[]) => void}} FileReceiver  `refusal`: why no files are taken, or ""
 */
import { byId, targetOf } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showToast } from "./toast.js";

/** While files are dragged over the page, there is an event at least this often. */
const DRAG_EVENT_MS = 700;

export class FileIntake {
  /** The parts of the page that have a composer of their own. @type {(Place & {area: HTMLElement})[]} */ #areas = [];
  #page;
  #dragTimer = 0;

  /** @param {FileReceiver} receiver */
  constructor(receiver) {
    this.#page = connect(receiver, "");
    document.addEventListener("dragover", (event) => this.#onDragOver(event));
    document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget === null && this.#hideDropZoneSoon(100));
    document.addEventListener("drop", (event) => this.#onDrop(event));
    document.addEventListener("paste", (event) => this.#onPaste(event));
  }

  /**
   * Give what is dropped or pasted in this part of the page to a receiver of its own.
   * @param {HTMLElement} area
   * @param {FileReceiver} receiver
   * @param {string} prefix of the ids of its button, input and drop zone
   */
  addArea(area, receiver, prefix) {
    this.#areas.push({ area, ...connect(receiver, prefix) });
  }

  /** Let the user choose files, for the composer of the part of the page that has the focus. */
  choose() {
    chooseFiles(this.#placeOf(document.activeElement));
  }

  /** @param {Element | null} element @returns {Place} */
  #placeOf(element) {
    return this.#areas.find(({ area }) => area.contains(element)) ?? this.#page;
  }

  /** @param {DragEvent} event */
  #onDragOver(event) {
    if (isTextForField(event)) return;
    event.preventDefault();
    if (!event.dataTransfer) return;
    // A drop that is not allowed raises no event, and then files would go without an answer.
    event.dataTransfer.dropEffect = hasFiles(event.dataTransfer) ? "copy" : "none";
    const { receiver, dropZone } = this.#placeOf(targetOf(event));
    if (!hasFiles(event.dataTransfer) || receiver.refusal()) return;
    for (const place of [this.#page, ...this.#areas]) place.dropZone.hidden = place.dropZone !== dropZone;
    this.#hideDropZoneSoon(DRAG_EVENT_MS);
  }

  /** @param {number} milliseconds */
  #hideDropZoneSoon(milliseconds) {
    clearTimeout(this.#dragTimer);
    this.#dragTimer = setTimeout(() => {
      for (const { dropZone } of [this.#page, ...this.#areas]) dropZone.hidden = true;
    }, milliseconds);
  }

  /** @param {DragEvent} event */
  #onDrop(event) {
    this.#hideDropZoneSoon(0);
    if (isTextForField(event)) return;
    event.preventDefault();
    if (event.dataTransfer && hasFiles(event.dataTransfer)) take(filesOf(event.dataTransfer), this.#placeOf(targetOf(event)));
  }

  /** @param {ClipboardEvent} event */
  #onPaste(event) {
    const { clipboardData } = event;
    if (!clipboardData || !hasFiles(clipboardData)) return;
    // A copied table or text may come with a picture of it; the text is then pasted. A copied file comes with its name.
    const { types } = clipboardData;
    if (types.includes("text/plain") && (types.includes("text/html") || types.includes("text/rtf"))) return;
    event.preventDefault();
    take(filesOf(clipboardData), this.#placeOf(targetOf(event)));
  }
}

/** Take files from the button and the input of a composer. @param {FileReceiver} receiver @param {string} prefix @returns {Place} */
function connect(receiver, prefix) {
  const input = byId(`${prefix}attach-input`, HTMLInputElement);
  const place = { receiver, input, dropZone: byId(`${prefix}drop-zone`) };
  byId(`${prefix}attach-button`).addEventListener("click", () => chooseFiles(place));
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // The same file can then be chosen again.
    input.value = "";
    take(files, place);
  });
  return place;
}

/** @param {Place} place */
function chooseFiles({ receiver, input }) {
  const refusal = receiver.refusal();
  if (refusal) showToast(refusal, { isError: true });
  else input.click();
}

/** @param {File[]} files @param {Place} place */
function take(files, { receiver }) {
  const refusal = receiver.refusal();
  if (refusal) showToast(refusal, { isError: true });
  else if (files.length) receiver.add(files);
}

/** Return the files, without folders, about which it tells the user. @param {DataTransfer} data */
function filesOf(data) {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const isFolder = (/** @type {DataTransferItem} */ item) => item.webkitGetAsEntry?.()?.isDirectory ?? false;
  const folders = items.filter(isFolder);
  if (folders.length) showToast(t("attachment.folder"), { isError: true });
  if (!folders.length) return [...data.files];
  return items.filter((item) => !folders.includes(item)).flatMap((item) => item.getAsFile() ?? []);
}

/** @param {DataTransfer} data */
function hasFiles({ types }) {
  return types.includes("Files");
}

/** Return true if text is dragged into a field that accepts it: not into a disabled one. @param {DragEvent} event */
function isTextForField(event) {
  const isField = targetOf(event).matches("input:read-write, textarea:read-write");
  return isField && event.dataTransfer !== null && !hasFiles(event.dataTransfer);
}
