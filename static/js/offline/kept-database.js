/**
 * The IndexedDB database of the offline copy. It has one user at a time, and is deleted as a whole, also by the service
 * worker (static/js/service-worker/shell.js), which knows its name only. No DOM.
 *
 * @import { HistoryPage } from "../net/wire-types.js"
 * @import { KeptChat, KeptUser } from "./kept-chat.js"
 */
import { isReadable } from "./kept-chat.js";

const NAME = "im-offline";
const RECORDS = "records";
const LOG_PREFIX = "log:";

export class KeptDatabase {
  /** @type {IDBDatabase | null} */ #database = null;

  /** True unless it was closed, as by its deletion from another tab. */
  get isOpen() {
    return this.#database !== null;
  }

  /** Open it for writing; the browser makes it if there is none. Rejects with DOMException. */
  async open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
    const database = await settled(request);
    // Each connection ends by itself: one that stayed open would hold up every deletion.
    const end = () => {
      database.close();
      if (this.#database === database) this.#database = null;
    };
    this.close();
    this.#database = database;
    // Another tab or the worker deletes it, and the browser may have another user by now.
    database.onversionchange = end;
    database.onclose = end;
  }

  close() {
    this.#database?.close();
    this.#database = null;
  }

  /**
   * Write the user and what has changed, all or nothing. Rejects with DOMException, as where the disk is full.
   * @param {{user: KeptUser, channels?: KeptChat["channels"], logs: Map<string, string | null>, replacesAll: boolean}} changes
   *   `logs`: JSON by target; null: not kept any more
   */
  async write({ user, channels, logs, replacesAll }) {
    if (!this.#database) return;
    const transaction = this.#database.transaction(RECORDS, "readwrite");
    const records = transaction.objectStore(RECORDS);
    if (replacesAll) records.clear();
    records.put(user, "user");
    if (channels) records.put(channels, "channels");
    for (const [target, json] of logs) {
      if (json === null) records.delete(LOG_PREFIX + target);
      else records.put(json, LOG_PREFIX + target);
    }
    await completed(transaction);
  }

  /** Delete what is kept for any other user than this one. @param {string} userId */
  async deleteOthers(userId) {
    // The messages need not be read for that, at the start of each page.
    const user = await settled((await this.#openRecords()).get("user"));
    this.close();
    if (user && user.me.id !== userId) await this.delete();
  }

  /** Return what is kept; null if nothing is, or nothing that may be shown, which is then deleted. @returns {Promise<KeptChat | null>} */
  async read() {
    const records = await this.#openRecords();
    const [keys, values] = await Promise.all([settled(records.getAllKeys()), settled(records.getAll())]);
    this.close();
    const byKey = new Map(keys.map((key, index) => [String(key), values[index]]));
    /** @type {KeptUser | undefined} */
    const user = byKey.get("user");
    if (!user) return null;
    if (!isReadable(user, Date.now())) {
      await this.delete();
      return null;
    }
    /** @type {[string, HistoryPage][]} */
    const logs = keys.flatMap((key) => {
      const name = String(key);
      return name.startsWith(LOG_PREFIX) ? [[name.slice(LOG_PREFIX.length), JSON.parse(byKey.get(name))]] : [];
    });
    return { user, channels: byKey.get("channels") ?? [], logs: new Map(logs) };
  }

  async #openRecords() {
    await this.open();
    return /** @type {IDBDatabase} */ (this.#database).transaction(RECORDS).objectStore(RECORDS);
  }

  /** Delete it. Resolves even where the browser has no databases, or a tab that the browser has stopped still holds this one. */
  async delete() {
    this.close();
    try {
      const request = indexedDB.deleteDatabase(NAME);
      // It is deleted, and not opened before, as soon as that tab goes on or ends.
      const blocked = new Promise((resolve) => (request.onblocked = resolve));
      await Promise.race([settled(request), blocked]);
    } catch {
      // A private window may have none.
    }
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
