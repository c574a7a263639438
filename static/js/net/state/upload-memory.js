/**
 * Remembers a user's unfinished uploads in localStorage, so that the same file continues where it stopped when it is
 * chosen again. An entry is removed once its upload has ended, or after a day, when the server has deleted it. A page
 * that is open keeps its uploads to itself. No DOM.
 *
 * @import { KeyStorage } from "../memory-storage.js"
 * @typedef {Pick<File, "name" | "size" | "lastModified">} FileIdentity
 * @typedef {{url: string, at: number, page: string}} StoredUpload  stored as it is, so its names must stay. `at`: of the
 *   last progress, in ms; `page`: the page that uploads it, "" if that was closed
 */
import { JsonStorage } from "./json-storage.js";

const MAX_AGE_MS = 86_400_000;
/** A page without progress for this long was lost without being closed. */
const MAX_SILENCE_MS = 120_000;

export class UploadMemory {
  #prefix = "im.upload..";
  #page = String(Math.random());
  /** Addresses that an upload of this page uses: the same file chosen twice is two uploads. @type {Map<string, FileIdentity>} */ #used = new Map();

  /** @param {KeyStorage} storage */
  constructor(storage) {
    this.storage = storage;
    this.values = new JsonStorage(storage);
  }

  /** Use the uploads of this user, and forget old ones. @param {string} userId */
  load(userId) {
    this.release();
    this.#prefix = `im.upload.${userId}.`;
    for (const key of Object.keys(this.storage)) {
      if (key.startsWith(this.#prefix) && !this.#fresh(key)) this.values.set(key, null);
    }
  }

  /** Return the address of the file's unfinished upload, unless another file of this page uses it. @param {FileIdentity} file */
  get(file) {
    const key = this.#keyOf(file);
    const stored = this.#fresh(key);
    if (!stored || this.#isUsed(stored, file)) return null;
    this.set(file, stored.url);
    return stored.url;
  }

  /** Remember the address of the file's upload, which has just begun or made progress. @param {FileIdentity} file @param {string} url */
  set(file, url) {
    this.#used.set(url, file);
    this.values.set(this.#keyOf(file), { url, at: Date.now(), page: this.#page });
  }

  /** Leave the uploads of this page to others: it is closed. */
  release() {
    for (const [url, file] of this.#used) {
      const key = this.#keyOf(file);
      const stored = this.#fresh(key);
      if (stored?.url === url) this.values.set(key, { ...stored, page: "" });
    }
    this.#used.clear();
  }

  /** Forget the file's upload and return its address, or null. @param {FileIdentity} file */
  take(file) {
    const url = this.get(file);
    if (!url) return null;
    this.#used.delete(url);
    this.values.set(this.#keyOf(file), null);
    return url;
  }

  /** Forget all uploads of the user, who will not return. */
  clear() {
    this.values.removeAll(this.#prefix);
  }

  /** Tell whether another file of this page, or another page, uploads it. @param {StoredUpload} stored @param {FileIdentity} file */
  #isUsed({ url, at, page }, file) {
    if (page === this.#page) return (this.#used.get(url) ?? file) !== file;
    return page !== "" && Date.now() - at < MAX_SILENCE_MS;
  }

  /** @param {string} key @returns {StoredUpload | null} */
  #fresh(key) {
    const stored = /** @type {StoredUpload | null} */ (this.values.get(key));
    return stored && Date.now() - stored.at < MAX_AGE_MS ? stored : null;
  }

  /** @param {FileIdentity} file */
  #keyOf({ name, size, lastModified }) {
    return `${this.#prefix}${size}.${lastModified}.${name}`;
  }
}
