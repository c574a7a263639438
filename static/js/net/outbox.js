/**
 * Messages that the server has not acknowledged. They survive a lost connection and a closed page: each entry is stored
 * under the user's id and its clientMsgId, and a channel's entries are sent one after the other. If one
 * is sent twice (a lost reply, two tabs), its clientMsgId makes it one message. An entry whose files are being uploaded
 * holds up no others and belongs to its tab, which alone has the files. No DOM, no socket of its own.
 *
 * `change`: the entries of a target have changed.
 * @import { Attachment, SendReply } from "./wire-types.js"
 * @import { KeyStorage } from "./memory-storage.js"
 * @import { ErrorReply } from "./protocol.js"
 * @typedef {Pick<Attachment, "name" | "size" | "type" | "kind" | "width" | "height"> & {uploadId: string,
 *   attachment: Attachment | null}} OutboxFile  `attachment`: null until the file is uploaded
 * @typedef {{clientMsgId: string, target: string, appId: number | null, text: string, files?: OutboxFile[],
 *   replyTo?: string, replySeq?: number, threadId?: string, alsoToChannel?: boolean, at: number, tries: number, since: number, state: "pending" | "failed",
 *   refusal: ErrorReply | null}} OutboxEntry
 *   Stored as it is, so its names must stay. `appId`: of a global channel, to which only its own app can send; `at`: when
 *   it was written, in ms; `since`: the channel's last sequence number at that time; `refusal`: why it has failed
 * @typedef {{change: string, sent: {entry: OutboxEntry, reply: SendReply}, failed: OutboxEntry}} OutboxEvents
 */
import { Emitter } from "./events.js";
import { MemoryStorage } from "./memory-storage.js";
import { newId } from "./random-id.js";
import { DisconnectedError, RequestError } from "./protocol.js";

const MAX_ATTEMPTS = 5;
/** @type {ErrorReply} */
const UPLOAD_INTERRUPTED = { code: 0, reason: "upload_interrupted", data: null };

/** Tell whether files of the entry are not uploaded yet. @param {OutboxEntry} entry */
export function isUploading({ files }) {
  return files?.some(({ attachment }) => attachment === null) ?? false;
}

/** @extends {Emitter<OutboxEvents>} */
export class Outbox extends Emitter {
  /** @type {Map<string, OutboxEntry>} */ #entries = new Map();
  /** Targets whose entries are being sent. @type {Set<string>} */ #sending = new Set();
  #keyPrefix = "";
  /** True if files that wait may outlive their page: `adopt` and `interruptUploads` say later which do. */ restoresUploads = false;

  /**
   * @param {KeyStorage} storage
   * @param {(entry: OutboxEntry) => Promise<SendReply>} send rejects with RequestError or DisconnectedError
   * @param {(entry: OutboxEntry) => boolean} canSend whether the present connection can send it
   * @param {KeyStorage} [tabStorage] for entries whose files are being uploaded; by default the memory
   */
  constructor(storage, send, canSend, tabStorage = new MemoryStorage()) {
    super();
    this.storage = storage;
    this.tabStorage = tabStorage;
    this.send = send;
    this.canSend = canSend;
  }

  /** Load the stored entries of this user, also those of closed tabs. @param {string} userId */
  load(userId) {
    const prefix = `im.outbox.${userId}.`;
    if (prefix !== this.#keyPrefix) this.#entries.clear();
    this.#keyPrefix = prefix;
    for (const storage of [this.storage, this.tabStorage]) this.#loadFrom(storage);
    for (const target of this.#targets()) this.emit("change", target);
  }

  /** @param {KeyStorage} storage */
  #loadFrom(storage) {
    const prefix = this.#keyPrefix;
    for (const key of Object.keys(storage)) {
      const clientMsgId = key.slice(prefix.length);
      if (!key.startsWith(prefix) || this.#entries.has(clientMsgId)) continue;
      try {
        const entry = /** @type {OutboxEntry} */ (JSON.parse(storage.getItem(key) ?? ""));
        // The files were lost with the page that uploaded them.
        if (isUploading(entry) && !this.restoresUploads) Object.assign(entry, { state: "failed", refusal: UPLOAD_INTERRUPTED });
        this.#entries.set(clientMsgId, entry);
      } catch {
        storage.removeItem(key);
      }
    }
  }

  /**
   * Follow a change of the storage by another tab. An entry deleted there is deleted here. One that was sent there stays
   * until this page has a connection to receive the message, and is then sent again under the same clientMsgId.
   * @param {Pick<StorageEvent, "key" | "newValue">} event
   */
  onStorageChange({ key, newValue }) {
    if (!this.#keyPrefix || !key?.startsWith(this.#keyPrefix)) return;
    const entry = this.#entries.get(key.slice(this.#keyPrefix.length));
    if (!entry || this.#sending.has(entry.target)) return;
    if (newValue === null) {
      if (entry.state === "failed" || this.canSend(entry)) this.#delete(entry);
      return;
    }
    const { state, refusal } = JSON.parse(newValue);
    if (state === entry.state) return;
    Object.assign(entry, { state, refusal });
    this.emit("change", entry.target);
  }

  /** Return the entries of a channel in the order of writing. @param {string} target @returns {OutboxEntry[]} */
  entriesOf(target) {
    return [...this.#entries.values()].filter((entry) => entry.target === target).sort((a, b) => a.at - b.at);
  }

  /**
   * Add a message and send it once it can be sent. Returns its clientMsgId.
   * @param {Pick<OutboxEntry, "target" | "appId" | "text" | "files" | "since" | "replyTo" | "replySeq" | "threadId" | "alsoToChannel">
   *   & {clientMsgId?: string}} message  `clientMsgId`: by default a new one; with that of a waiting message, nothing is added
   */
  add({ clientMsgId = newId(), ...message }) {
    if (this.#entries.get(clientMsgId)?.state === "pending") return clientMsgId;
    const lastWritten = Math.max(0, ...this.entriesOf(message.target).map((entry) => entry.at));
    const at = Math.max(Date.now(), lastWritten + 1);
    this.#put({ ...message, clientMsgId, at, tries: 0, state: "pending", refusal: null });
    this.#sendEntries(message.target);
    return clientMsgId;
  }

  /** @param {string} clientMsgId @returns {OutboxEntry | undefined} */
  get(clientMsgId) {
    return this.#entries.get(clientMsgId);
  }

  /** Return the entry that a file is uploaded for. @param {string} uploadId @returns {OutboxEntry | undefined} */
  entryOfFile(uploadId) {
    return [...this.#entries.values()].find(({ files }) => files?.some((file) => file.uploadId === uploadId));
  }

  /** Keep what has become known of a file. The entry is sent once all its files are uploaded. @param {OutboxEntry} entry @param {OutboxFile} file */
  setFile(entry, file) {
    const files = entry.files?.map((known) => (known.uploadId === file.uploadId ? file : known));
    this.#put(Object.assign(entry, { files }));
    if (!isUploading(entry)) this.#sendEntries(entry.target);
  }

  /** Go on with an entry of an earlier page, whose files are being uploaded again. @param {OutboxEntry} entry */
  adopt(entry) {
    if (!this.#entries.has(entry.clientMsgId)) this.#put(entry);
  }

  /** Fail the entries that wait for a file which nothing uploads. @param {(uploadId: string) => boolean} isUploaded */
  interruptUploads(isUploaded) {
    for (const entry of this.#entries.values()) {
      const isLost = entry.files?.some(({ uploadId, attachment }) => attachment === null && !isUploaded(uploadId));
      if (isLost && entry.state === "pending") this.fail(entry, UPLOAD_INTERRUPTED);
    }
  }

  /** A file of the entry could not be uploaded. @param {OutboxEntry} entry @param {ErrorReply} refusal */
  fail(entry, refusal) {
    this.#put(Object.assign(entry, { state: /** @type {const} */ ("failed"), refusal }));
    this.emit("failed", entry);
  }

  /** Send a failed entry again. @param {string} clientMsgId */
  retry(clientMsgId) {
    const entry = this.#entries.get(clientMsgId);
    if (!entry) return;
    this.#put(Object.assign(entry, { state: /** @type {const} */ ("pending"), refusal: null }));
    this.#sendEntries(entry.target);
  }

  /** @param {string} clientMsgId */
  remove(clientMsgId) {
    const entry = this.#entries.get(clientMsgId);
    if (entry) this.#delete(entry);
  }

  /** Delete all entries of the user, who will not return, other tabs' included. */
  clear() {
    for (const entry of [...this.#entries.values()]) this.#delete(entry);
    for (const storage of this.#keyPrefix ? [this.storage, this.tabStorage] : []) {
      for (const key of Object.keys(storage)) if (key.startsWith(this.#keyPrefix)) storage.removeItem(key);
    }
  }

  /** Send all pending entries. Called when a connection has caught up. */
  flush() {
    for (const target of this.#targets()) this.#sendEntries(target);
  }

  /** @param {string} target */
  async #sendEntries(target) {
    if (this.#sending.has(target)) return;
    this.#sending.add(target);
    let errors = 0;
    try {
      for (;;) {
        const entry = this.entriesOf(target).find((entry) => entry.state === "pending" && !isUploading(entry));
        if (!entry || !this.canSend(entry)) return;
        this.#put(Object.assign(entry, { tries: entry.tries + 1 }));
        try {
          const reply = await this.send(entry);
          errors = 0;
          if (this.#entries.has(entry.clientMsgId)) this.#onAcknowledged(entry, reply);
        } catch (error) {
          if (error instanceof DisconnectedError) return;
          if (!(error instanceof RequestError)) throw error;
          if (error.isTransient && ++errors < MAX_ATTEMPTS) await sleep(error.retryAfterMs);
          else this.#onFailed(entry, error);
        }
      }
    } finally {
      this.#sending.delete(target);
    }
  }

  /** @param {OutboxEntry} entry @param {SendReply} reply */
  #onAcknowledged(entry, reply) {
    this.#entries.delete(entry.clientMsgId);
    this.#unstore(entry);
    this.emit("sent", { entry, reply });
    this.emit("change", entry.target);
  }

  /** @param {OutboxEntry} entry @param {RequestError} error */
  #onFailed(entry, { code, reason, data }) {
    this.fail(entry, { code, reason, data });
  }

  /** @param {OutboxEntry} entry */
  #put(entry) {
    this.#entries.set(entry.clientMsgId, entry);
    const [storage, other] = isUploading(entry) ? [this.tabStorage, this.storage] : [this.storage, this.tabStorage];
    try {
      storage.setItem(this.#keyOf(entry), JSON.stringify(entry));
      if (entry.files) other.removeItem(this.#keyOf(entry));
    } catch {
      // The storage is full. The entry is sent from memory while the page is open.
    }
    this.emit("change", entry.target);
  }

  /** @param {OutboxEntry} entry */
  #delete(entry) {
    this.#entries.delete(entry.clientMsgId);
    this.#unstore(entry);
    this.emit("change", entry.target);
  }

  /** @param {OutboxEntry} entry */
  #unstore(entry) {
    this.storage.removeItem(this.#keyOf(entry));
    if (entry.files) this.tabStorage.removeItem(this.#keyOf(entry));
  }

  /** @param {OutboxEntry} entry */
  #keyOf(entry) {
    return this.#keyPrefix + entry.clientMsgId;
  }

  #targets() {
    return new Set([...this.#entries.values()].map(({ target }) => target));
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
