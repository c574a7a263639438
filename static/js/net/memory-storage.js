/**
 * A storage that lasts as long as the program, for runtimes without localStorage.
 *
 * @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} KeyStorage
 *   As of localStorage, `Object.keys` of it returns the stored keys.
 */

/** @implements {KeyStorage} */
export class MemoryStorage {
  /** @param {string} key @returns {string | null} */
  getItem(key) {
    const value = Object.getOwnPropertyDescriptor(this, key)?.value;
    return value === undefined ? null : value;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    Object.assign(this, { [key]: value });
  }

  /** @param {string} key */
  removeItem(key) {
    Reflect.deleteProperty(this, key);
  }
}
