/**
 * The files that this page uploads, or has uploaded: a few at a time, with their progress. No DOM.
 *
 * `added`: a file was chosen; `change`: the state of a file has changed; `progress`: more of it was sent; `removed`: it will not
 * be sent.
 * @import { Attachment } from "./wire-types.js"
 * @import { FileKind } from "./file-kind.js"
 * @import { SendRequest } from "./http-request.js"
 * @import { ErrorReply } from "./protocol.js"
 * @import { UploadMemory } from "./state/upload-memory.js"
 * @typedef {"queued" | "uploading" | "waiting" | "ready" | "failed"} UploadState  `waiting`: for the connection
 * @typedef {{id: string, file: File | null, name: string, size: number, type: string, kind: FileKind, url: string,
 *   width?: number, height?: number, state: UploadState, sent: number, error: ErrorReply | null,
 *   duration?: number, attachment: Attachment | null, isInMessage: boolean, kept: "" | "kept" | "too-much" | "no-room"}} Upload
 *   `id`: given by this page; `url`: of the picture, video or sound in this browser, else ""; `sent`: bytes; `file`: null
 *   after a reload; `isInMessage`: it was sent with a message; `kept`: the outcome of keeping it in the browser for
 *   a later page; "": none yet
 * @typedef {{added: Upload, change: Upload, progress: Upload, removed: Upload}} UploadEvents
 */
import { Emitter } from "./events.js";
import { fileKind } from "./file-kind.js";
import { FileUpload } from "./file-upload.js";
import { RequestError } from "./protocol.js";
import { newId } from "./random-id.js";

const MAX_CONCURRENT = 3;
/** Sent files whose local copy is still shown in place of the server's. */
const MAX_SENT = 60;

/** @extends {Emitter<UploadEvents>} */
export class Uploads extends Emitter {
  /** @type {Map<string, Upload>} */ #uploads = new Map();
  /** Stops the running ones. @type {Map<string, AbortController>} */ #running = new Map();
  /** Ends the waiting of all uploads, by its event `wake`. */ #alarm = new EventTarget();

  /**
   * @param {{memory: UploadMemory, sendRequest: SendRequest,
   *   measure?: (upload: Upload) => Promise<{width: number, height: number} | null>}} deps
   *   `measure`: returns the size of a picture or video; null: this browser cannot show it. Without it, none is shown
   */
  constructor({ memory, sendRequest, measure }) {
    super();
    this.memory = memory;
    this.sendRequest = sendRequest;
    this.measure = measure;
  }

  /** True while a file is not uploaded yet that would be lost with the page. */
  get isUnsafe() {
    return [...this.#uploads.values()].some(({ state, kept }) => state !== "ready" && state !== "failed" && kept !== "kept");
  }

  /** Begin to upload a file. @param {File} file @param {{duration?: number}} [options]  `duration`: of a recording, in ms @returns {Upload} */
  add(file, options) {
    const upload = this.#begin(newId(), file, options);
    this.emit("added", upload);
    this.#start();
    return upload;
  }

  /** Begin to upload a file that an earlier page has left. @param {string} id @param {File} file @param {{duration?: number}} [options] */
  resume(id, file, options) {
    Object.assign(this.#begin(id, file, options), { kept: "kept" });
    this.#start();
  }

  /** Try at once what waits for the connection: it is back. */
  wake() {
    this.#alarm.dispatchEvent(new Event("wake"));
  }

  /** Note whether the browser keeps the file for a later page. @param {string} id @param {Upload["kept"]} kept */
  setKept(id, kept) {
    const upload = this.#uploads.get(id);
    if (upload) this.#change(upload, { kept });
  }

  /** Return a file that was uploaded before the page was loaded. @param {Attachment} attachment @returns {Upload} */
  restore(attachment) {
    const { name, size, type, kind, url, width, height } = attachment;
    return this.#put({ name, size, type, kind, url, width, height, sent: size, state: "ready", attachment });
  }

  /** @param {string} id @returns {Upload | undefined} */
  get(id) {
    return this.#uploads.get(id);
  }

  /** Return the upload that has become this attachment. @param {string} attachmentId @returns {Upload | undefined} */
  ofAttachment(attachmentId) {
    return [...this.#uploads.values()].find(({ attachment }) => attachment?.id === attachmentId);
  }

  /** Upload a file again that could not be uploaded. @param {string} id */
  retry(id) {
    const upload = this.#uploads.get(id);
    if (upload?.state !== "failed" || !upload.file) return;
    this.#change(upload, { state: "queued", error: null });
    this.#start();
  }

  /** Stop an upload and forget the file. @param {string} id */
  remove(id) {
    const upload = this.#uploads.get(id);
    if (!upload) return;
    this.#uploads.delete(id);
    this.#running.get(id)?.abort();
    this.#running.delete(id);
    if (upload.url.startsWith("blob:")) URL.revokeObjectURL(upload.url);
    this.emit("removed", upload);
    if (!upload.isInMessage && (upload.file || upload.attachment)) this.#fileUpload(upload, new AbortController().signal).cancel(upload.attachment);
    this.#start();
  }

  /** The file was sent with a message. Its local copy is kept for a while, so that the message does not load it again. @param {string} id */
  onSent(id) {
    const upload = this.#uploads.get(id);
    if (!upload) return;
    // The last one comes last.
    this.#uploads.delete(id);
    this.#uploads.set(id, Object.assign(upload, { isInMessage: true }));
    const sent = [...this.#uploads.values()].filter(({ isInMessage }) => isInMessage);
    for (const old of sent.slice(0, -MAX_SENT)) this.remove(old.id);
  }

  /** Stop and forget everything: the user has changed. */
  clear() {
    for (const id of [...this.#uploads.keys()]) {
      // An unfinished upload can go on when the user returns.
      this.#running.get(id)?.abort();
      const { url = "" } = this.#uploads.get(id) ?? {};
      if (url.startsWith("blob:")) URL.revokeObjectURL(url);
    }
    this.#uploads.clear();
    this.#running.clear();
  }

  /** @param {string} id @param {File} file @param {{duration?: number}} [options] */
  #begin(id, file, { duration } = {}) {
    const kind = fileKind(file);
    const { name, size, type } = file;
    const url = kind === "file" || !this.measure ? "" : URL.createObjectURL(file);
    const upload = this.#put({ id, file, duration, name, size, type, kind, url });
    if (kind === "image" || kind === "video") this.#measure(upload);
    return upload;
  }

  /** @param {Pick<Upload, "name" | "size" | "type" | "kind" | "url"> & Partial<Upload>} fields @returns {Upload} */
  #put({ id = newId(), ...fields }) {
    /** @type {Upload} */
    const upload = { id, file: null, state: "queued", sent: 0, error: null, attachment: null, isInMessage: false, kept: "", ...fields };
    this.#uploads.set(id, upload);
    return upload;
  }

  #start() {
    for (const upload of this.#uploads.values()) {
      if (this.#running.size >= MAX_CONCURRENT) return;
      if (upload.state === "queued" && !this.#running.has(upload.id)) this.#run(upload);
    }
  }

  /** @param {Upload} upload */
  async #run(upload) {
    const running = new AbortController();
    this.#running.set(upload.id, running);
    this.#change(upload, { state: "uploading" });
    try {
      const attachment = await this.#fileUpload(upload, running.signal).run();
      if (!running.signal.aborted) this.#change(upload, { state: "ready", attachment, sent: upload.size });
    } catch (error) {
      if (running.signal.aborted) return;
      if (!(error instanceof RequestError)) throw error;
      const { code, reason, data } = error;
      this.#change(upload, { state: "failed", error: { code, reason, data } });
    } finally {
      // It may run again by now, after a removal and a retry.
      if (this.#running.get(upload.id) === running) this.#running.delete(upload.id);
      this.#start();
    }
  }

  /** @param {Upload} upload @param {AbortSignal} signal */
  #fileUpload(upload, signal) {
    const { memory, sendRequest } = this;
    return new FileUpload(/** @type {File} */ (upload.file), {
      memory,
      sendRequest,
      duration: upload.duration,
      alarm: this.#alarm,
      signal,
      onProgress: (sent) => {
        if (signal.aborted) return;
        upload.sent = sent;
        this.emit("progress", upload);
      },
      onWaiting: (isWaiting) => this.#change(upload, { state: isWaiting ? "waiting" : "uploading" }),
    });
  }

  /** @param {Upload} upload */
  async #measure(upload) {
    if (!this.measure) return;
    const size = await this.measure(upload);
    // The browser cannot show it, whatever its type says.
    this.#change(upload, size ?? { kind: "file" });
  }

  /** @param {Upload} upload @param {Partial<Upload>} change */
  #change(upload, change) {
    Object.assign(upload, change);
    if (this.#uploads.get(upload.id) === upload) this.emit("change", upload);
  }
}
