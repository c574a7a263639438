/**
 * Takes files for the composer: chosen by the button, dropped on the chat, or pasted. Where no files can be sent, it says
 * why. Without it, the browser would open a dropped file or link in place of the page, and ignore a pasted picture.
 *
 * @typedef {{refusal: () => string, add: (files: File[]) => void}} FileReceiver  `refusal`: why no files are taken, or ""
 */
import { byId, targetOf } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showToast } from "./toast.js";

/** While files are dragged over the page, there is an event at least this often. */
const DRAG_EVENT_MS = 700;

export class FileIntake {
  #button = byId("attach-button", HTMLButtonElement);
  #input = byId("attach-input", HTMLInputElement);
  #dropZone = byId("drop-zone");
  #dragTimer = 0;

  /** @param {FileReceiver} receiver */
  constructor(receiver) {
    this.receiver = receiver;
    this.#button.addEventListener("click", () => this.choose());
    this.#input.addEventListener("change", () => {
      const files = [...(this.#input.files ?? [])];
      // The same file can then be chosen again.
      this.#input.value = "";
      this.#take(files);
    });
    document.addEventListener("dragover", (event) => this.#onDragOver(event));
    document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget === null && this.#hideDropZoneSoon(100));
    document.addEventListener("drop", (event) => this.#onDrop(event));
    document.addEventListener("paste", (event) => this.#onPaste(event));
  }

  /** Let the user choose files. */
  choose() {
    const refusal = this.receiver.refusal();
    if (refusal) showToast(refusal, { isError: true });
    else this.#input.click();
  }

  /** @param {DragEvent} event */
  #onDragOver(event) {
    if (isTextForField(event)) return;
    event.preventDefault();
    if (!event.dataTransfer) return;
    // A drop that is not allowed raises no event, and then files would go without an answer.
    event.dataTransfer.dropEffect = hasFiles(event.dataTransfer) ? "copy" : "none";
    if (!hasFiles(event.dataTransfer) || this.receiver.refusal()) return;
    this.#dropZone.hidden = false;
    this.#hideDropZoneSoon(DRAG_EVENT_MS);
  }

  /** @param {number} milliseconds */
  #hideDropZoneSoon(milliseconds) {
    clearTimeout(this.#dragTimer);
    this.#dragTimer = setTimeout(() => (this.#dropZone.hidden = true), milliseconds);
  }

  /** @param {DragEvent} event */
  #onDrop(event) {
    this.#hideDropZoneSoon(0);
    if (isTextForField(event)) return;
    event.preventDefault();
    if (event.dataTransfer && hasFiles(event.dataTransfer)) this.#take(filesOf(event.dataTransfer));
  }

  /** @param {ClipboardEvent} event */
  #onPaste(event) {
    const { clipboardData } = event;
    if (!clipboardData || !hasFiles(clipboardData)) return;
    // A copied table or text may come with a picture of it; the text is then pasted. A copied file comes with its name.
    const { types } = clipboardData;
    if (types.includes("text/plain") && (types.includes("text/html") || types.includes("text/rtf"))) return;
    event.preventDefault();
    this.#take(filesOf(clipboardData));
  }

  /** @param {File[]} files */
  #take(files) {
    const refusal = this.receiver.refusal();
    if (refusal) showToast(refusal, { isError: true });
    else if (files.length) this.receiver.add(files);
  }
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
