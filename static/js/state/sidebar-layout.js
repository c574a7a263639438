/**
 * The user's choices for the sidebar's list: its order and its collapsed sections, in localStorage. No DOM.
 *
 * @import { SectionName } from "./channel-sections.js"
 * @typedef {{sort: "latest" | "name", collapsed: string[]}} SidebarLayout  stored as it is, so its names must stay
 */
import { Emitter } from "../net/events.js";
import { JsonStorage } from "../net/state/json-storage.js";

/** @extends {Emitter<{change: null}>} */
export class SidebarLayouts extends Emitter {
  #userId = "";

  /** @param {Storage} storage */
  constructor(storage) {
    super();
    this.storage = new JsonStorage(storage);
  }

  /** Use the layout of this user. @param {string} id */
  load(id) {
    if (id === this.#userId) return;
    this.#userId = id;
    this.emit("change");
  }

  /** @returns {SidebarLayout} */
  get current() {
    const { sort, collapsed } = /** @type {Partial<SidebarLayout>} */ (this.storage.get(this.#key) ?? {});
    return { sort: sort === "name" ? "name" : "latest", collapsed: Array.isArray(collapsed) ? collapsed : [] };
  }

  /** @param {SidebarLayout["sort"]} sort */
  setSort(sort) {
    this.#set({ ...this.current, sort });
  }

  /** Collapse or expand a section. @param {SectionName} name */
  toggle(name) {
    const { sort, collapsed } = this.current;
    const others = collapsed.filter((other) => other !== name);
    this.#set({ sort, collapsed: others.length < collapsed.length ? others : [...others, name] });
  }

  /** Follow a change of the storage by another tab. @param {Pick<StorageEvent, "key">} event  `key`: null if all is gone */
  onStorageChange({ key }) {
    if (key === null || key === this.#key) this.emit("change");
  }

  /** Delete the layout of the user, who will not return. */
  clear() {
    this.storage.set(this.#key, null);
  }

  get #key() {
    return `im.sidebar.${this.#userId}`;
  }

  /** @param {SidebarLayout} layout */
  #set(layout) {
    this.storage.set(this.#key, layout);
    this.emit("change");
  }
}
