/**
 * The sections of the sidebar that the user has collapsed in this browser, in localStorage. No DOM.
 *
 * @import { SidebarArrangement } from "../net/wire-types.js"
 * @typedef {{sort?: SidebarArrangement["sort"], collapsed: string[]}} StoredSections  stored as it is, so its names must stay.
 *   `sort`: chosen before the server kept it
 */
import { Emitter } from "../net/events.js";
import { JsonStorage } from "../net/state/json-storage.js";

/** @extends {Emitter<{change: null}>} */
export class CollapsedSections extends Emitter {
  #userId = "";

  /** @param {Storage} storage */
  constructor(storage) {
    super();
    this.storage = new JsonStorage(storage);
  }

  /** Use the sections of this user. @param {string} id */
  load(id) {
    if (id === this.#userId) return;
    this.#userId = id;
    this.emit("change");
  }

  /** The keys of the collapsed sections. @returns {string[]} */
  get keys() {
    return this.#stored.collapsed;
  }

  /** The order of channels that the user chose before the server kept it; null: none. @returns {SidebarArrangement["sort"] | null} */
  get storedSort() {
    const { sort } = this.#stored;
    return sort === "name" || sort === "latest" ? sort : null;
  }

  /** The server has the order now. */
  forgetSort() {
    this.#set(this.keys);
  }

  /** Collapse or expand a section. @param {string} key */
  toggle(key) {
    const { sort, collapsed } = this.#stored;
    const others = collapsed.filter((other) => other !== key);
    this.#set(others.length < collapsed.length ? others : [...others, key], sort);
  }

  /** Follow a change of the storage by another tab. @param {Pick<StorageEvent, "key">} event  `key`: null if all is gone */
  onStorageChange({ key }) {
    if (key === null || key === this.#key) this.emit("change");
  }

  /** Forget the sections of the user, who will not return. */
  clear() {
    this.storage.set(this.#key, null);
  }

  get #key() {
    return `im.sidebar.${this.#userId}`;
  }

  /** @returns {StoredSections} */
  get #stored() {
    const { sort, collapsed } = /** @type {Partial<StoredSections>} */ (this.storage.get(this.#key) ?? {});
    return { sort, collapsed: Array.isArray(collapsed) ? collapsed : [] };
  }

  /** @param {string[]} collapsed @param {StoredSections["sort"]} [sort] */
  #set(collapsed, sort) {
    this.storage.set(this.#key, { ...(sort ? { sort } : {}), collapsed });
    this.emit("change");
  }
}
