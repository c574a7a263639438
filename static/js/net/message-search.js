/**
 * Searches messages: one query at a time, loaded page by page, the newest first. No DOM.
 *
 * @import { Message, SearchPage } from "./wire-types.js"
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { Profile } from "./state/display-names.js"
 * @import { Store } from "./state/store.js"
 * @typedef {{q: string, target: string | null, isMentions?: boolean}} SearchQuery  without a target in all channels;
 *   `isMentions`: instead, the messages that mention the user
 */
import { Emitter } from "./events.js";
import { DisconnectedError, isRequestFailure } from "./protocol.js";

const PAGE_SIZE = 20;
/** The server searches a limited number of messages for a page. If it finds none, up to this many pages are requested. */
const MAX_EMPTY_PAGES = 3;

/** @extends {Emitter<{change: null}>} */
export class MessageSearch extends Emitter {
  /** @type {SearchQuery} */ query = { q: "", target: null };
  /** The results of the last completed query. @type {Message[]} */ results = [];
  isSearching = false;
  /** @type {unknown} */ error = null;
  /** The cursor of the next page; null: there is none. @type {string | null} */ #next = null;
  #searchCount = 0;

  /** @param {{socket: Socket, store: Store, session: Session}} deps */
  constructor({ socket, store, session }) {
    super();
    this.socket = socket;
    store.on("edited", ({ id, msg }) => {
      this.#update((results) => results.map((message) => (message.id === id ? { ...message, msg } : message)));
    });
    store.on("recalled", ({ id }) => this.#update((results) => results.filter((message) => message.id !== id)));
    store.on("expired", ({ target, seq }) => {
      this.#update((results) => results.filter((message) => message.target !== target || message.seq > seq));
    });
    store.on("channel-left", ({ target }) => {
      this.#update((results) => results.filter((message) => message.target !== target));
    });
    store.on("user-renamed", ({ profile, userName }) => this.#rename(profile, userName));
    store.on("current", () => {
      // Another user or app: the results are not theirs.
      if (store.currentTarget === null) this.search({ q: "", target: null });
    });
    session.on("resumed", () => {
      if (this.error instanceof DisconnectedError) this.retry();
    });
  }

  get hasMore() {
    return this.#next !== null;
  }

  /** Start a search in place of the present one. An empty query only clears the results. @param {SearchQuery} query */
  search(query) {
    if (!query.q || Boolean(query.isMentions) !== Boolean(this.query.isMentions) || query.target !== this.query.target) this.results = [];
    this.query = query;
    this.#next = null;
    this.#fetch();
  }

  loadMore() {
    if (this.hasMore && !this.isSearching && !this.error) this.#fetch();
  }

  /** Repeat what has failed. */
  retry() {
    this.#fetch();
  }

  async #fetch() {
    const count = ++this.#searchCount;
    const { q, target, isMentions } = this.query;
    const cursor = this.#next;
    this.error = null;
    this.isSearching = q !== "" || Boolean(isMentions);
    this.emit("change");
    if (!this.isSearching) return;
    try {
      /** @type {SearchPage} */
      let page = { messages: [], next: cursor };
      for (let pages = 0; pages === 0 || (pages < MAX_EMPTY_PAGES && page.messages.length === 0 && page.next); pages++) {
        const scope = { ...(target ? { target } : {}), ...(page.next ? { before: page.next } : {}) };
        page = isMentions
          ? await this.socket.request("mention.list", { limit: PAGE_SIZE, ...scope })
          : await this.socket.request("message.search", { q, limit: PAGE_SIZE, ...scope });
        if (count !== this.#searchCount) return;
      }
      this.results = cursor ? [...this.results, ...page.messages] : page.messages;
      this.#next = page.next;
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      if (count !== this.#searchCount) return;
      if (!cursor) this.results = [];
      this.error = error;
    }
    this.isSearching = false;
    this.emit("change");
  }

  /** @param {Profile} profile @param {string | null} userName */
  #rename({ id, userId, name, avatar }, userName) {
    const isTheirs = (/** @type {Message} */ { fromId, from }) =>
      fromId === id && (userName === null || from === userName);
    if (!this.results.some(isTheirs)) return;
    this.#update((results) =>
      results.map((message) => (isTheirs(message) ? { ...message, from: userId, name, avatar } : message)),
    );
  }

  /** @param {(results: Message[]) => Message[]} change */
  #update(change) {
    if (this.results.length === 0) return;
    this.results = change(this.results);
    this.emit("change");
  }
}
