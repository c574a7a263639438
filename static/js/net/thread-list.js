/**
 * The threads that the user follows, loaded page by page, the one with the newest event first. No DOM.
 *
 * @import { ThreadListEntry } from "./wire-types.js"
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 * @import { Threads } from "./state/threads.js"
 */
import { Emitter } from "./events.js";
import { DisconnectedError, isRequestFailure } from "./protocol.js";

const PAGE_SIZE = 20;

/** @extends {Emitter<{change: null}>} */
export class ThreadList extends Emitter {
  /** @type {ThreadListEntry[]} */ entries = [];
  hasMore = false;
  isLoading = false;
  /** The failure of the last load, else null. @type {unknown} */ error = null;
  #loadCount = 0;

  /** @param {{socket: Socket, store: Store, session: Session, threads: Threads}} deps */
  constructor({ socket, store, session, threads }) {
    super();
    this.socket = socket;
    this.threads = threads;
    threads.on("change", () => this.emit("change"));
    store.on("recalled", ({ id }) => this.#update(({ root, ...entry }) => (root?.id === id ? entry : { root, ...entry })));
    store.on("channel-left", ({ target }) => this.#update((entry) => (entry.target === target ? null : entry)));
    session.on("loaded", () => {
      // It may be another user's session.
      this.#loadCount++;
      Object.assign(this, { entries: [], hasMore: false, isLoading: false, error: null });
      this.emit("change");
    });
    session.on("resumed", () => {
      if (this.error instanceof DisconnectedError) this.retry();
    });
  }

  /** Load the threads with the newest events. */
  load() {
    return this.#fetch(null);
  }

  async loadMore() {
    if (this.hasMore && !this.isLoading && !this.error) await this.#fetch(this.entries.at(-1)?.thread.position ?? null);
  }

  /** Repeat the load that has failed. */
  retry() {
    this.error = null;
    return this.entries.length ? this.loadMore() : this.load();
  }

  /** @param {number | null} before  only threads with smaller positions */
  async #fetch(before) {
    const count = ++this.#loadCount;
    Object.assign(this, { isLoading: true, error: null });
    this.emit("change");
    try {
      const range = before === null ? {} : { before };
      const page = await this.socket.request("thread.list", { limit: PAGE_SIZE, ...range });
      if (count !== this.#loadCount) return;
      // A thread that has got an answer meanwhile is on the first page.
      const known = new Set(before === null ? [] : this.entries.map(({ thread }) => thread.id));
      this.entries = [...(before === null ? [] : this.entries), ...page.threads.filter(({ thread }) => !known.has(thread.id))];
      this.hasMore = page.hasMore;
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      if (count !== this.#loadCount) return;
      this.error = error;
    }
    this.isLoading = false;
    this.emit("change");
  }

  /** @param {(entry: ThreadListEntry) => ThreadListEntry | null} change  null: it is not listed any more */
  #update(change) {
    this.entries = this.entries.flatMap((entry) => change(entry) ?? []);
    this.emit("change");
  }
}
