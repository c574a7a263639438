/**
 * Looks for messages: one question at a time, answered page by page, the newest first. No DOM.
 *
 * Events: `change`.
 *
 * @import { Message } from "./protocol.js"
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "../state/store.js"
 * @typedef {{q: string, target: string | null}} Question  without a target: everywhere
 */
import { Disconnected, Refused } from "./protocol.js";

const PAGE = 20;
/** The server looks through so much for a page; where it found nothing there, this many are asked for in one go. */
const EMPTY_PAGES = 3;

export class MessageSearch extends EventTarget {
  /** @type {Question} */ question = { q: "", target: null };
  /** Of the last answer: while a question is under way, of the one before. @type {Message[]} */ messages = [];
  searching = false;
  /** @type {unknown} */ failed = null;
  /** Where the page that follows begins. @type {string | null} */ #next = null;
  #asked = 0;

  /** @param {{socket: Socket, store: Store, session: Session}} parts */
  constructor({ socket, store, session }) {
    super();
    this.socket = socket;
    const on = (/** @type {string} */ type, /** @type {(detail: any) => void} */ handle) =>
      store.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail));
    on("edited", ({ id, msg }) => this.#keep(this.messages.map((message) => (message.id === id ? { ...message, msg } : message))));
    on("renamed", ({ now, as }) => this.#rename(now, as));
    on("recalled", ({ id }) => this.#keep(this.messages.filter((message) => message.id !== id)));
    on("gone", ({ target }) => this.#keep(this.messages.filter((message) => message.target !== target)));
    // Another person or another app: nothing of this is theirs.
    on("current", () => store.current === null && this.ask({ q: "", target: null }));
    session.addEventListener("resumed", () => this.failed instanceof Disconnected && this.retry());
  }

  get hasMore() {
    return this.#next !== null;
  }

  /** @param {Question} question without words: forgets the one before */
  ask(question) {
    if (!question.q || question.target !== this.question.target) this.messages = [];
    this.question = question;
    this.#next = null;
    this.#fetch();
  }

  more() {
    if (this.hasMore && !this.searching && !this.failed) this.#fetch();
  }

  /** What failed, again. */
  retry() {
    this.#fetch();
  }

  async #fetch() {
    const asked = ++this.#asked;
    const { q, target } = this.question;
    const before = this.#next;
    this.failed = null;
    this.searching = q !== "";
    this.#tell();
    if (!q) return;
    try {
      let page = { messages: /** @type {Message[]} */ ([]), next: before };
      for (let pages = 0; pages === 0 || (pages < EMPTY_PAGES && page.messages.length === 0 && page.next); pages++) {
        const where = { ...(target ? { target } : {}), ...(page.next ? { before: page.next } : {}) };
        page = await this.socket.request("message.search", { q, limit: PAGE, ...where });
        if (asked !== this.#asked) return;
      }
      this.messages = before ? [...this.messages, ...page.messages] : page.messages;
      this.#next = page.next;
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Disconnected)) throw error;
      if (asked !== this.#asked) return;
      if (!before) this.messages = [];
      this.failed = error;
    }
    this.searching = false;
    this.#tell();
  }

  /** @param {{id: string, userId: string, name: string, avatar: string}} now @param {string | null} as */
  #rename({ id, userId, name, avatar }, as) {
    const isTheirs = (/** @type {Message} */ { fromId, from }) => fromId === id && (as === null || from === as);
    if (!this.messages.some(isTheirs)) return;
    this.#keep(this.messages.map((message) => (isTheirs(message) ? { ...message, from: userId, name, avatar } : message)));
  }

  /** @param {Message[]} messages */
  #keep(messages) {
    if (this.messages.length === 0) return;
    this.messages = messages;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
