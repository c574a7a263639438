/**
 * The IndexedDB database of the files that wait to be uploaded. They are kept for their user, until they are uploaded or
 * for KEPT_HOURS, and deleted as a whole at sign-out, also by the service worker (static/js/service-worker/shell.js), which
 * knows its name only. No DOM.
 *
 * @import { OutboxEntry } from "../net/outbox.js"
 * @typedef {{draft: string | null, entry: OutboxEntry | null}} FilePlace  the name of the draft, or the message, that a file waits in
 * @typedef {FilePlace & {id: string, userId: string, page: string, at: number, size: number, duration?: number}} FileRecord
 *   `id`: of the upload; `page`: which uploads it; `at`: when it was chosen, in ms. The file itself lies beside it, and is
 *   not written again when its record changes
 * @typedef {FileRecord & {file: File}} KeptFile
 */
import { KEPT_HOURS } from "./kept-chat.js";
import { openPageIds } from "./page-id.js";

/** Bytes of all files that wait, of all pages of the browser. */
export const MAX_KEPT_FILE_BYTES = 200 * 1024 * 1024;
const NAME = "im-files";
const FILES = "files";
const RECORDS = "records";
const HOUR_MS = 3_600_000;

/** The files that wait would be larger than MAX_KEPT_FILE_BYTES. */
export class KeptFilesFull extends Error {}

export class KeptFiles {
  /** The open connection, or the attempt to open one. @type {Promise<IDBDatabase> | null} */ #database = null;

  /** Keep a file. Rejects with KeptFilesFull, or with DOMException, as where the browser has no room. @param {KeptFile} kept */
  async add({ file, ...record }) {
    const { records, files, completed } = await this.#begin();
    const others = /** @type {FileRecord[]} */ (await settled(records.getAll()));
    if (others.reduce((sum, { size }) => sum + size, record.size) > MAX_KEPT_FILE_BYTES) throw new KeptFilesFull();
    records.put(record, record.id);
    files.put(file, record.id);
    await completed;
  }

  /** Note where a file waits; nothing happens if it is not kept. @param {string} id @param {FilePlace} place */
  async move(id, place) {
    const { records, completed } = await this.#begin();
    const record = /** @type {FileRecord | undefined} */ (await settled(records.get(id)));
    if (record) records.put({ ...record, ...place }, id);
    await completed;
  }

  /** @param {string} id */
  async remove(id) {
    const { records, files, completed } = await this.#begin();
    records.delete(id);
    files.delete(id);
    await completed;
  }

  /**
   * Take over the user's files that no other open page uploads, in the order in which they were chosen. Those of other users and
   * old ones are deleted.
   * @param {string} userId
   * @param {string} page the id of this page
   * @returns {Promise<KeptFile[]>}
   */
  async claim(userId, page) {
    const open = await openPageIds();
    const { records, files, completed } = await this.#begin();
    /** @type {KeptFile[]} */
    const claimed = [];
    for (const record of /** @type {FileRecord[]} */ (await settled(records.getAll()))) {
      const isOld = Math.abs(Date.now() - record.at) > KEPT_HOURS * HOUR_MS;
      if (record.userId !== userId || isOld) {
        records.delete(record.id);
        files.delete(record.id);
      } else if (record.page === page || (open && !open.has(record.page))) {
        records.put({ ...record, page }, record.id);
        claimed.push({ ...record, page, file: await settled(files.get(record.id)) });
      }
    }
    await completed;
    return claimed.sort((a, b) => a.at - b.at);
  }

  /** Delete all files. Resolves even where the browser has no databases. */
  async wipe() {
    try {
      const database = await this.#database?.catch(() => null);
      database?.close();
      this.#database = null;
      const request = indexedDB.deleteDatabase(NAME);
      // It is deleted as soon as a page that the browser has stopped goes on or ends.
      const blocked = new Promise((resolve) => (request.onblocked = resolve));
      await Promise.race([settled(request), blocked]);
    } catch {
      // A private window may have none.
    }
  }

  async #begin() {
    const database = await (this.#database ??= this.#open());
    const transaction = database.transaction([RECORDS, FILES], "readwrite");
    const completed = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    // A request that fails is waited for first.
    completed.catch(() => {});
    return { records: transaction.objectStore(RECORDS), files: transaction.objectStore(FILES), completed };
  }

  /** @returns {Promise<IDBDatabase>} */
  async #open() {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        for (const name of [RECORDS, FILES]) request.result.createObjectStore(name);
      };
      const database = await settled(request);
      const end = () => {
        database.close();
        this.#database = null;
      };
      // Another page or the worker deletes it: the user has signed out.
      database.onversionchange = end;
      database.onclose = end;
      return database;
    } catch (error) {
      this.#database = null;
      throw error;
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
