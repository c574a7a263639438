/**
 * The files that are about to be sent in an embedded channel, as cards with their progress.
 *
 * @import { UploadedFile, WidgetFiles } from "./files.js"
 * @import { WidgetLanguage } from "./texts.js"
 * @typedef {{file: File, uploaded: UploadedFile | null, error: {reason?: string, message?: string, data?: object} | null,
 *   stop: AbortController, card: HTMLElement, progress: HTMLProgressElement, note: HTMLElement}} TrayFile
 */
import { isRequestFailure } from "../net/protocol.js";
import { make, showText } from "./dom.js";
import { formatSize, refusalText, widgetText } from "./texts.js";

export class FileTray {
  element = make("ul", { className: "tray", hidden: true });
  /** @type {TrayFile[]} */ #files = [];
  #notice = make("p", { className: "tray-notice", role: "alert", hidden: true });

  /** @param {{language: WidgetLanguage, files: WidgetFiles, onChange: () => void}} options */
  constructor(options) {
    this.options = options;
  }

  /** The sentence for a file that cannot be sent. */
  get notice() {
    return this.#notice;
  }

  get isEmpty() {
    return this.#files.length === 0;
  }

  /** True if all files can be sent. */
  get isReady() {
    return this.#files.every(({ uploaded }) => uploaded);
  }

  /** Begin to upload files. @param {Iterable<File>} files @param {number} maxBytes */
  add(files, maxBytes) {
    const { language } = this.options;
    showText(this.#notice, "");
    for (const file of files) {
      if (file.size > maxBytes) {
        showText(this.#notice, widgetText(language, "tooLarge", { name: file.name, size: formatSize(maxBytes, language) }));
        continue;
      }
      const progress = make("progress", { max: file.size, value: 0, "aria-label": widgetText(language, "uploading", { name: file.name }) });
      const note = make("span", { className: "card-detail" }, formatSize(file.size, language));
      const label = widgetText(language, "removeFile", { name: file.name });
      const remove = make("button", { type: "button", className: "tray-remove", "aria-label": label, title: label }, "×");
      const card = make("li", { className: "card" }, make("bdi", { className: "card-title" }, file.name), note, progress, remove);
      /** @type {TrayFile} */
      const entry = { file, uploaded: null, error: null, stop: new AbortController(), card, progress, note };
      remove.onclick = () => this.#remove(entry);
      this.#files.push(entry);
      this.element.append(card);
      this.#upload(entry);
    }
    this.#render();
  }

  /** Return the files, which are ready, and forget them. @returns {UploadedFile[]} */
  take() {
    const taken = this.#files.flatMap(({ uploaded }) => uploaded ?? []);
    this.#files = [];
    this.element.replaceChildren();
    this.#render();
    return taken;
  }

  /** Stop all uploads. */
  clear() {
    for (const { stop } of this.#files) stop.abort();
    this.take();
  }

  /** @param {TrayFile} entry */
  #remove(entry) {
    entry.stop.abort();
    this.#files = this.#files.filter((one) => one !== entry);
    entry.card.remove();
    this.#render();
  }

  /** @param {TrayFile} entry */
  async #upload(entry) {
    const { language, files } = this.options;
    const { file, stop, progress, note, card } = entry;
    try {
      entry.uploaded = await files.upload(file, { signal: stop.signal, onProgress: (bytes) => (progress.value = bytes) });
      progress.hidden = true;
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!isRequestFailure(error)) throw error;
      entry.error = error;
      progress.hidden = true;
      card.classList.add("failed");
      const retry = make("button", { type: "button", className: "link" }, widgetText(language, "retry"));
      retry.onclick = () => this.#retry(entry);
      note.replaceChildren(refusalText(language, error) || widgetText(language, "uploadFailed"), " ", retry);
    }
    this.#render();
  }

  /** @param {TrayFile} entry */
  #retry(entry) {
    const { file, note, progress, card } = entry;
    entry.error = null;
    card.classList.remove("failed");
    progress.hidden = false;
    progress.value = 0;
    note.replaceChildren(formatSize(file.size, this.options.language));
    this.#upload(entry);
  }

  #render() {
    this.element.hidden = this.isEmpty;
    this.options.onChange();
  }
}
