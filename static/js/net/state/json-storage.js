/**
 * JSON values in a storage. A value that the storage has no room for is kept in memory while the page is open. No DOM.
 *
 * @import { KeyStorage } from "../memory-storage.js"
 */
export class JsonStorage {
  /** Values that could not be stored, by key. @type {Map<string, unknown>} */ #unstored = new Map();

  /** @param {KeyStorage} storage */
  constructor(storage) {
    this.storage = storage;
  }

  /** Return a value, or null if there is none or it is damaged. @param {string} key @returns {unknown} */
  get(key) {
    if (this.#unstored.has(key)) return this.#unstored.get(key);
    try {
      return JSON.parse(this.storage.getItem(key) ?? "null");
    } catch {
      return null;
    }
  }

  /** Keep a value; null removes it. @param {string} key @param {unknown} value */
  set(key, value) {
    this.#unstored.delete(key);
    if (value === null) {
      this.storage.removeItem(key);
      return;
    }
    try {
      this.storage.setItem(key, JSON.stringify(value));
    } catch {
      this.#unstored.set(key, value);
    }
  }

  /** Return the keys that begin so. @param {string} prefix */
  keys(prefix) {
    return [...new Set([...Object.keys(this.storage), ...this.#unstored.keys()])].filter((key) => key.startsWith(prefix));
  }

  /** Remove all values whose keys begin so. @param {string} prefix */
  removeAll(prefix) {
    for (const key of this.keys(prefix)) this.set(key, null);
  }
}
