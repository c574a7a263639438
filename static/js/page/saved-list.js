/**
 * The saved messages that the user can read now, loaded page by page, the last saved one first. No DOM.
 *
 * @import { SavedMessage } from "../net/wire-types.js"
 * @import { Session } from "../net/session.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 */
import { Emitter } from "../net/events.js";
import { savedMarks } from "../state/saved-marks.js";
import { DisconnectedError, isRequestFailure } from "../net/protocol.js";

const PAGE_SIZE = 20;

/** @extends {Emitter<{change: null}>} */
export class SavedList extends Emitter {
  /** @type {SavedMessage[]} */ messages = [];
  isLoading = false;
  /** The failure of the last load, else null. @type {unknown} */ error = null;
  /** True once the list was loaded: it is loaded again when a message is saved. */ #isKept = false;
  /** The cursor of the next page; null: there is none. @type {string | null} */ #next = null;
  #loadCount = 0;

  /** @param {{socket: Socket, store: Store, session: Session}} deps */
  constructor({ socket, store, session }) {
    super();
    this.socket = socket;
    savedMarks.on("saved", () => this.#isKept && this.#fetch(null, { keepsRest: true }));
    savedMarks.on("removed", (removed) => this.#update((list) => list.filter(({ id }) => id !== removed)));
    store.on("edited", (edit) => this.#update((list) => list.map((message) => (message.id === edit.id ? { ...message, ...edit } : message))));
    store.on("recalled", (recall) => this.#update((list) => list.filter(({ id }) => id !== recall.id)));
    store.on("expired", (expiry) => this.#update((list) => list.filter(({ target, seq }) => target !== expiry.target || seq > expiry.seq)));
    store.on("channel-left", (left) => this.#update((list) => list.filter(({ target }) => target !== left.target)));
    session.on("loaded", () => {
      // It may be another user's session.
      this.#loadCount++;
      this.#next = null;
      this.#isKept = false;
      Object.assign(this, { messages: [], isLoading: false, error: null });
      this.emit("change");
    });
    session.on("resumed", () => {
      if (this.error instanceof DisconnectedError) this.retry();
    });
  }

  get hasMore() {
    return this.#next !== null;
  }

  /** Load those that were saved last. */
  load() {
    return this.#fetch(null);
  }

  async loadMore() {
    if (this.hasMore && !this.isLoading && !this.error) await this.#fetch(this.#next);
  }

  /** Repeat the load that has failed. */
  retry() {
    return this.#fetch(this.messages.length ? this.#next : null);
  }

  /** @param {string | null} before @param {{keepsRest?: boolean}} [options]  `keepsRest`: the later pages stay, if they follow */
  async #fetch(before, { keepsRest = false } = {}) {
    const count = ++this.#loadCount;
    Object.assign(this, { isLoading: true, error: null });
    this.emit("change");
    try {
      const cursor = before === null ? {} : { before };
      const page = await this.socket.request("saved.list", { limit: PAGE_SIZE, ...cursor });
      if (count !== this.#loadCount) return;
      this.#isKept = true;
      const first = new Set(page.messages.map(({ id }) => id));
      const rest = this.messages.filter(({ id }) => !first.has(id));
      const doesFollow = keepsRest && rest.length < this.messages.length;
      if (doesFollow) this.messages = [...page.messages, ...rest];
      else this.messages = before === null ? page.messages : [...rest, ...page.messages];
      if (!doesFollow || rest.length === 0) this.#next = page.next;
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      if (count !== this.#loadCount) return;
      this.error = error;
    }
    this.isLoading = false;
    this.emit("change");
  }

  /** @param {(messages: SavedMessage[]) => SavedMessage[]} change */
  #update(change) {
    if (this.messages.length === 0) return;
    this.messages = change(this.messages);
    this.emit("change");
  }
}
