/**
 * Messages that the server has not acknowledged. They survive a lost connection and a closed page: each entry is stored
 * in localStorage under the user's id and its clientMsgId, and a channel's entries are sent one after the other. If one
 * is sent twice (a lost reply, two tabs), its clientMsgId makes it one message. No DOM, no socket of its own.
 *
 * `change`: the entries of a target have changed.
 * @import { SendReply } from "./wire-types.js"
 * @import { ErrorReply } from "../lib/error-messages.js"
 * @typedef {{clientMsgId: string, target: string, appId: number | null, text: string, replyTo?: string,
 *   replySeq?: number, at: number, tries: number, since: number, state: "pending" | "failed",
 *   refusal: ErrorReply | null}} OutboxEntry
 *   Stored as it is, so its names must stay. `appId`: of a global channel, to which only its own app can send; `at`: when
 *   it was written, in ms; `since`: the channel's last sequence number at that time; `refusal`: why it has failed
 * @typedef {{change: string, sent: {entry: OutboxEntry, reply: SendReply}, failed: OutboxEntry}} OutboxEvents
 */
import { Emitter } from "../lib/events.js";
import { DisconnectedError, RequestError } from "./protocol.js";

const MAX_ATTEMPTS = 5;

/** @extends {Emitter<OutboxEvents>} */
export class Outbox extends Emitter {
  /** @type {Map<string, OutboxEntry>} */ #entries = new Map();
  /** Targets whose entries are being sent. @type {Set<string>} */ #sending = new Set();
  #keyPrefix = "";

  /**
   * @param {Storage} storage
   * @param {(entry: OutboxEntry) => Promise<SendReply>} send rejects with RequestError or DisconnectedError
   * @param {(entry: OutboxEntry) => boolean} canSend whether the present connection can send it
   */
  constructor(storage, send, canSend) {
    super();
    this.storage = storage;
    this.send = send;
    this.canSend = canSend;
  }

  /** Load the stored entries of this user, also those of closed tabs. @param {string} userId */
  load(userId) {
    const prefix = `im.outbox.${userId}.`;
    if (prefix !== this.#keyPrefix) this.#entries.clear();
    this.#keyPrefix = prefix;
    for (let i = 0; i < this.storage.length; i++) {
      const key = this.storage.key(i) ?? "";
      const clientMsgId = key.slice(prefix.length);
      if (!key.startsWith(prefix) || this.#entries.has(clientMsgId)) continue;
      try {
        this.#entries.set(clientMsgId, JSON.parse(this.storage.getItem(key) ?? ""));
      } catch {
        this.storage.removeItem(key);
      }
    }
    for (const target of this.#targets()) this.emit("change", target);
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

  /** @param {Pick<OutboxEntry, "target" | "appId" | "text" | "since" | "replyTo" | "replySeq">} message */
  add(message) {
    const lastWritten = Math.max(0, ...this.entriesOf(message.target).map((entry) => entry.at));
    const at = Math.max(Date.now(), lastWritten + 1);
    this.#put({ ...message, clientMsgId: newId(), at, tries: 0, state: "pending", refusal: null });
    this.#sendEntries(message.target);
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
    const keys = this.#keyPrefix ? Object.keys(this.storage) : [];
    for (const key of keys) if (key.startsWith(this.#keyPrefix)) this.storage.removeItem(key);
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
        const entry = this.entriesOf(target).find(({ state }) => state === "pending");
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
    this.#put(Object.assign(entry, { state: /** @type {const} */ ("failed"), refusal: { code, reason, data } }));
    this.emit("failed", entry);
  }

  /** @param {OutboxEntry} entry */
  #put(entry) {
    this.#entries.set(entry.clientMsgId, entry);
    try {
      this.storage.setItem(this.#keyOf(entry), JSON.stringify(entry));
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
  }

  /** @param {OutboxEntry} entry */
  #keyOf(entry) {
    return this.#keyPrefix + entry.clientMsgId;
  }

  #targets() {
    return new Set([...this.#entries.values()].map(({ target }) => target));
  }
}

/** Return 128 random bits in hex. `crypto.randomUUID` is missing on a page that comes over plain HTTP from another machine. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
