/**
 * What was written and is not acknowledged yet. It survives a lost connection and a closed page: each entry lies in the
 * person's own part of localStorage under its clientMsgId, and goes out in order, each after the acknowledgement of the
 * one before. Sent twice (a lost answer, two tabs), the clientMsgId makes it one message. No DOM, no socket of its own.
 *
 * Events: `change` (detail target), `sent` (detail {entry, reply}), `failed` (detail Entry).
 *
 * @typedef {{clientMsgId: string, target: string, appId: number | null, text: string, replyTo?: string,
 *   replySeq?: number, at: number, tries: number, since: number, state: "pending" | "failed", refusal: Refusal | null}} Entry
 *   `appId` only in an app's room: it can be sent only from there. `since`: last seq of the channel when it was written.
 */
/** @import { Refusal } from "../lib/error-messages.js" */
import { Disconnected, Refused } from "./protocol.js";

const TRIES = 5;

export class Outbox extends EventTarget {
  /** @type {Map<string, Entry>} */ #entries = new Map();
  /** @type {Set<string>} */ #busy = new Set();
  #prefix = "";

  /**
   * @param {Storage} storage
   * @param {(entry: Entry) => Promise<any>} send rejects with Refused or Disconnected
   * @param {(entry: Entry) => boolean} canSend whether there is a connection on which it may go out
   */
  constructor(storage, send, canSend) {
    super();
    this.storage = storage;
    this.send = send;
    this.canSend = canSend;
  }

  /** Takes up what this person left behind, also in a tab that was closed. @param {string} personId */
  load(personId) {
    const prefix = `im.outbox.${personId}.`;
    if (prefix !== this.#prefix) this.#entries.clear();
    this.#prefix = prefix;
    for (let i = 0; i < this.storage.length; i++) {
      const key = this.storage.key(i) ?? "";
      const id = key.slice(prefix.length);
      if (!key.startsWith(prefix) || this.#entries.has(id)) continue;
      try {
        this.#entries.set(id, JSON.parse(this.storage.getItem(key) ?? ""));
      } catch {
        this.storage.removeItem(key);
      }
    }
    for (const target of this.#targets()) this.#changed(target);
  }

  /**
   * Another tab has changed the storage. What it deleted is no longer ours; what it got through stays in sight here until
   * there is a connection again that brings it, and is then sent under the same clientMsgId.
   * @param {Pick<StorageEvent, "key" | "newValue">} event
   */
  follow({ key, newValue }) {
    if (!this.#prefix || !key?.startsWith(this.#prefix)) return;
    const entry = this.#entries.get(key.slice(this.#prefix.length));
    if (!entry || this.#busy.has(entry.target)) return;
    if (newValue === null) {
      if (entry.state === "failed" || this.canSend(entry)) this.#forget(entry);
      return;
    }
    const { state, refusal } = JSON.parse(newValue);
    if (state === entry.state) return;
    Object.assign(entry, { state, refusal });
    this.#changed(entry.target);
  }

  /** In the order of writing. @param {string} target @returns {Entry[]} */
  of(target) {
    return [...this.#entries.values()].filter((entry) => entry.target === target).sort((a, b) => a.at - b.at);
  }

  /** @param {Pick<Entry, "target" | "appId" | "text" | "since" | "replyTo" | "replySeq">} written */
  add(written) {
    const last = Math.max(0, ...this.of(written.target).map((entry) => entry.at));
    const at = Math.max(Date.now(), last + 1);
    this.#keep({ ...written, clientMsgId: newId(), at, tries: 0, state: "pending", refusal: null });
    this.#run(written.target);
  }

  /** @param {string} clientMsgId */
  retry(clientMsgId) {
    const entry = this.#entries.get(clientMsgId);
    if (!entry) return;
    this.#keep(Object.assign(entry, { state: "pending", refusal: null }));
    this.#run(entry.target);
  }

  /** @param {string} clientMsgId */
  remove(clientMsgId) {
    const entry = this.#entries.get(clientMsgId);
    if (entry) this.#forget(entry);
  }

  /** All of this person's, who will not be back. */
  forgetAll() {
    for (const entry of [...this.#entries.values()]) this.#forget(entry);
  }

  /** Sends all that waits. Called when a connection is there and has caught up. */
  flush() {
    for (const target of this.#targets()) this.#run(target);
  }

  /** @param {string} target */
  async #run(target) {
    if (this.#busy.has(target)) return;
    this.#busy.add(target);
    let refusals = 0;
    try {
      for (;;) {
        const entry = this.of(target).find(({ state }) => state === "pending");
        if (!entry || !this.canSend(entry)) return;
        this.#keep(Object.assign(entry, { tries: entry.tries + 1 }));
        try {
          const reply = await this.send(entry);
          refusals = 0;
          if (this.#entries.has(entry.clientMsgId)) this.#acknowledged(entry, reply);
        } catch (error) {
          if (error instanceof Disconnected) return;
          if (!(error instanceof Refused)) throw error;
          if (error.passing && ++refusals < TRIES) await sleep(error.retryAfter);
          else this.#failed(entry, error);
        }
      }
    } finally {
      this.#busy.delete(target);
    }
  }

  /** @param {Entry} entry @param {any} reply */
  #acknowledged(entry, reply) {
    this.#entries.delete(entry.clientMsgId);
    this.#write(entry, false);
    this.dispatchEvent(new CustomEvent("sent", { detail: { entry, reply } }));
    this.#changed(entry.target);
  }

  /** @param {Entry} entry @param {Refused} error */
  #failed(entry, { code, reason, data }) {
    this.#keep(Object.assign(entry, { state: "failed", refusal: { code, reason, data } }));
    this.dispatchEvent(new CustomEvent("failed", { detail: entry }));
  }

  /** @param {Entry} entry */
  #keep(entry) {
    this.#entries.set(entry.clientMsgId, entry);
    this.#write(entry, true);
    this.#changed(entry.target);
  }

  /** @param {Entry} entry */
  #forget(entry) {
    this.#entries.delete(entry.clientMsgId);
    this.#write(entry, false);
    this.#changed(entry.target);
  }

  /** @param {Entry} entry @param {boolean} keep */
  #write(entry, keep) {
    const key = this.#prefix + entry.clientMsgId;
    try {
      if (keep) this.storage.setItem(key, JSON.stringify(entry));
      else this.storage.removeItem(key);
    } catch {
      // No room: it still goes out from memory as long as the page lives.
    }
  }

  #targets() {
    return new Set([...this.#entries.values()].map(({ target }) => target));
  }

  /** @param {string} target */
  #changed(target) {
    this.dispatchEvent(new CustomEvent("change", { detail: target }));
  }
}

/** 128 random bits. `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
