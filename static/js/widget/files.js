/**
 * The files of an embedded channel: loads those of its messages by the widget's token, and uploads new ones. It knows no
 * DOM but the objects of the browser that hold them.
 *
 * A file is loaded into the page's memory, as an address of its own would open it to everyone who learns it.
 * @import { Attachment } from "../net/wire-types.js"
 * @import { TokenSource } from "./tokens.js"
 * @typedef {Attachment & {reference: string}} UploadedFile  `reference`: the name by which it is sent
 */
import { jsonObject, replyError } from "../net/http-request.js";
import { DisconnectedError } from "../net/protocol.js";

/** A request without progress for this long counts as lost. */
const STALL_MS = 45_000;
/** Pictures that are kept. The oldest are loaded again when they are shown again. */
const MAX_KEPT = 200;

export class WidgetFiles {
  /** The pictures that are loaded, or on their way, by their paths. @type {Map<string, Promise<string>>} */ #pictures = new Map();

  /** @param {string} site its origin @param {TokenSource} tokens */
  constructor(site, tokens) {
    this.site = site;
    this.tokens = tokens;
  }

  /** Return the address, in this page, of the small picture of a file. @param {Attachment} file */
  picture(file) {
    return this.#picture(file.thumbnail ? `/widget/thumbnails/${file.id}/` : `/widget/files/${file.id}/`);
  }

  /** Return the address, in this page, of the whole picture. @param {Attachment} file */
  wholePicture(file) {
    return this.#picture(`/widget/files/${file.id}/`);
  }

  /** Load a file. Rejects with RequestError or DisconnectedError. @param {Attachment} file @returns {Promise<Blob>} */
  async load(file) {
    return this.#load(`/widget/files/${file.id}/`);
  }

  /**
   * Upload a file. Rejects with RequestError or DisconnectedError, and with the signal's reason.
   * @param {File} file
   * @param {{signal: AbortSignal, onProgress: (bytes: number) => void}} options
   * @returns {Promise<UploadedFile>}
   */
  upload(file, { signal, onProgress }) {
    const body = new FormData();
    body.append("file", file, file.name);
    return new Promise((resolve, reject) => {
      // Unlike fetch, it reports progress.
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      let timer = setTimeout(abort, STALL_MS);
      request.open("POST", `${this.site}/widget/uploads/`);
      request.setRequestHeader("Authorization", `Bearer ${this.tokens.current}`);
      request.upload.onprogress = ({ loaded }) => {
        clearTimeout(timer);
        timer = setTimeout(abort, STALL_MS);
        onProgress(Math.min(loaded, file.size));
      };
      request.onload = () => {
        const { status } = request;
        const data = jsonObject(request.responseText);
        if (status === 201 && data?.reference) resolve(/** @type {UploadedFile} */ (/** @type {unknown} */ (data)));
        else reject(replyError({ status, header: (name) => request.getResponseHeader(name), data }));
      };
      request.onerror = () => reject(new DisconnectedError());
      request.onabort = () => reject(signal.aborted ? signal.reason : new DisconnectedError());
      request.onloadend = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      };
      signal.addEventListener("abort", abort);
      request.send(body);
    });
  }

  /** Forget everything: no picture can be shown any more. */
  clear() {
    for (const path of [...this.#pictures.keys()]) this.#forget(path);
  }

  /** @param {string} path @returns {Promise<string>} */
  #picture(path) {
    const known = this.#pictures.get(path);
    if (known) return known;
    const loading = this.#load(path).then((blob) => URL.createObjectURL(blob));
    this.#pictures.set(path, loading);
    loading.catch(() => this.#pictures.delete(path));
    const [oldest] = this.#pictures.keys();
    if (this.#pictures.size > MAX_KEPT) this.#forget(oldest);
    return loading;
  }

  /** @param {string} path */
  #forget(path) {
    this.#pictures.get(path)?.then((url) => URL.revokeObjectURL(url)).catch(() => {});
    this.#pictures.delete(path);
  }

  /** @param {string} path */
  async #load(path) {
    /** @type {Response} */
    let response;
    try {
      const headers = { Authorization: `Bearer ${this.tokens.current}` };
      response = await fetch(this.site + path, { headers, credentials: "omit" });
      if (response.ok) return await response.blob();
    } catch {
      throw new DisconnectedError();
    }
    const { status, headers } = response;
    throw replyError({ status, header: (name) => headers.get(name), data: jsonObject(await response.text()) });
  }
}
