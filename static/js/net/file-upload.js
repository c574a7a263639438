/**
 * Uploads one file: a small one in one request, a larger one in chunks by the tus protocol, which continues after a lost
 * connection and after a reload. No DOM.
 *
 * @import { HttpReply, SendRequest } from "./http-request.js"
 * @import { Attachment } from "./wire-types.js"
 * @import { UploadMemory } from "./state/upload-memory.js"
 */
import { replyError } from "./http-request.js";
import { onNetworkChange } from "./network.js";
import { DisconnectedError, RequestError, backoffDelay } from "./protocol.js";

const SMALL_URL = "/api/v1/attachments/";
const RESUMABLE_URL = "/api/v1/uploads/";
/** Files up to this many bytes go in one request. */
const MAX_SMALL = 5 * 1024 * 1024;
const CHUNK = 8 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
/** Failures of the server in a row, without a time to wait, after which the user has to decide. */
const MAX_SERVER_FAULTS = 5;
/** The user is told of a longer wait, such as for tomorrow's quota, at once. */
const MAX_WAIT_MS = 60_000;
/** Statuses of passing states: another offset than this client knows, or the file is still being examined. */
const PASSING = [409, 423];

export class FileUpload {
  /** True after progress since the last failure. */ #hasProgressed = false;

  /**
   * @param {File} file
   * @param {{memory: UploadMemory, sendRequest: SendRequest, duration?: number, alarm?: EventTarget, signal: AbortSignal,
   *   onProgress: (bytes: number) => void, onWaiting: (isWaiting: boolean) => void}} options
   *   `duration`: of a recording, in ms; `alarm`: its event `wake` ends the waiting; `onWaiting`: it waits for the connection, or goes on
   */
  constructor(file, { memory, sendRequest, duration, alarm = new EventTarget(), signal, onProgress, onWaiting }) {
    this.file = file;
    this.duration = duration;
    this.memory = memory;
    this.sendRequest = sendRequest;
    this.alarm = alarm;
    this.signal = signal;
    this.onWaiting = onWaiting;
    this.onProgress = (/** @type {number} */ bytes) => {
      if (bytes > 0) this.#hasProgressed = true;
      onProgress(Math.min(bytes, file.size));
    };
  }

  /** Upload the file. Rejects with RequestError if it is refused, or with the signal's reason. @returns {Promise<Attachment>} */
  async run() {
    for (let failures = 1; ; failures++) {
      this.#hasProgressed = false;
      this.signal.throwIfAborted();
      try {
        return await (this.file.size > MAX_SMALL ? this.#sendChunks() : this.#sendWhole());
      } catch (error) {
        if (this.#hasProgressed) failures = 1;
        await this.#waitAfter(error, failures);
      }
    }
  }

  /** Tell the server that the upload will not go on, or the file not be sent. @param {Attachment | null} attachment @returns {Promise<void>} */
  async cancel(attachment) {
    const url = attachment ? `${RESUMABLE_URL}${attachment.id}/` : this.memory.take(this.file);
    if (!url) return;
    await this.sendRequest("DELETE", url, { headers: TUS, signal: new AbortController().signal }).catch(() => {});
  }

  /** @returns {Promise<Attachment>} */
  async #sendWhole() {
    const body = new FormData();
    if (this.duration !== undefined) body.append("duration", String(Math.round(this.duration)));
    body.append("file", this.file, this.file.name);
    const { signal, onProgress } = this;
    return attachmentOf(await this.sendRequest("POST", SMALL_URL, { body, signal, onProgress }));
  }

  /** @returns {Promise<Attachment>} */
  async #sendChunks() {
    const { file, signal } = this;
    const known = this.memory.get(file);
    let offset = known ? await this.#offsetOf(known) : null;
    const url = offset === null || !known ? await this.#create() : known;
    offset ??= 0;
    this.onProgress(offset);
    while (offset < file.size) {
      const start = /** @type {number} */ (offset);
      const reply = await this.sendRequest("PATCH", url, {
        headers: { ...TUS, "Upload-Offset": String(start), "Content-Type": "application/offset+octet-stream" },
        body: file.slice(start, start + CHUNK),
        signal,
        onProgress: (bytes) => this.onProgress(start + bytes),
      });
      // The server may have forgotten the upload: ask it.
      if (reply.status === 404 || reply.status === 410) throw new DisconnectedError("No such upload");
      if (reply.status !== 204) return this.#finish(attachmentOf(reply));
      offset = Number(reply.header("Upload-Offset") ?? start);
      if (!(offset > start)) throw new DisconnectedError("No progress");
      this.memory.set(file, url);
    }
    return this.#finish(attachmentOf(await this.sendRequest("GET", url, { signal })));
  }

  /** @returns {Promise<string>} the address of the new upload */
  async #create() {
    const { file, signal } = this;
    const metadata = [["filename", file.name], ["filetype", file.type]].filter(([, value]) => value);
    const reply = await this.sendRequest("POST", RESUMABLE_URL, {
      headers: {
        ...TUS,
        "Upload-Length": String(file.size),
        "Upload-Metadata": metadata.map(([name, value]) => `${name} ${base64(value)}`).join(","),
      },
      signal,
    });
    const url = reply.status === 201 ? reply.header("Location") : null;
    if (!url) throw replyError(reply);
    // Behind a proxy the server may not know the address by which this client reaches it.
    const { pathname } = new URL(url, "http://site");
    this.memory.set(file, pathname);
    return pathname;
  }

  /** Return how much the server has of an upload; null if it has forgotten it. @param {string} url */
  async #offsetOf(url) {
    const reply = await this.sendRequest("HEAD", url, { headers: TUS, signal: this.signal });
    const offset = Number(reply.header("Upload-Offset") ?? NaN);
    if (reply.status < 300 && offset >= 0 && offset <= this.file.size) return offset;
    if (reply.status >= 500 || reply.status === 429) throw replyError(reply);
    this.memory.take(this.file);
    return null;
  }

  /** @param {Attachment} attachment */
  #finish(attachment) {
    this.memory.take(this.file);
    return attachment;
  }

  /** Wait until another attempt makes sense. Rejects if none does. @param {unknown} error @param {number} failures in a row */
  async #waitAfter(error, failures) {
    const { signal } = this;
    const isRefusal = error instanceof RequestError;
    if (signal.aborted || !(isRefusal || error instanceof DisconnectedError)) throw error;
    const isPatient = isRefusal && error.data.retryAfter !== undefined && error.retryAfterMs <= MAX_WAIT_MS;
    const mayPass = isRefusal && error.isTransient && (isPatient || (error.data.retryAfter === undefined && failures < MAX_SERVER_FAULTS));
    if (isRefusal && !mayPass) {
      if (!error.isTransient) this.memory.take(this.file);
      throw error;
    }
    await this.#checkReadable();
    this.onWaiting(true);
    const delay = isRefusal ? error.retryAfterMs : 0;
    await pause(Math.max(delay, backoffDelay(failures, Math.random())), signal, this.alarm);
    this.onWaiting(false);
  }

  /** A file that was changed or deleted, and a folder, fail like a lost connection. */
  async #checkReadable() {
    try {
      await this.file.slice(0, 1).arrayBuffer();
    } catch {
      throw new RequestError(0, "", {}, "upload_unreadable");
    }
  }
}

/** @param {HttpReply} reply @returns {Attachment} */
function attachmentOf(reply) {
  const { status, data } = reply;
  if (status < 300 && data?.id) return /** @type {Attachment} */ (/** @type {unknown} */ (data));
  if (PASSING.includes(status)) throw new DisconnectedError("Not yet");
  throw replyError(reply);
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Wait for the time, or until the network or the connection is back. @param {number} milliseconds @param {AbortSignal} signal @param {EventTarget} alarm @returns {Promise<void>} */
function pause(milliseconds, signal, alarm) {
  return new Promise((resolve, reject) => {
    const end = (/** @type {() => void} */ settle) => {
      clearTimeout(timer);
      forgetNetwork();
      alarm.removeEventListener("wake", goOn);
      signal.removeEventListener("abort", stop);
      settle();
    };
    const goOn = () => end(resolve);
    const stop = () => end(() => reject(signal.reason));
    const timer = setTimeout(goOn, milliseconds);
    const forgetNetwork = onNetworkChange((isOnline) => isOnline && goOn());
    alarm.addEventListener("wake", goOn);
    signal.addEventListener("abort", stop);
  });
}
