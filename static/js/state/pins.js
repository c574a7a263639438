/**
 * The pinned messages of the open channel: loaded when it is opened, and again after a change. No DOM.
 *
 * Events: `change`.
 *
 * @import { Message } from "../net/protocol.js"
 * @import { Session } from "../net/session.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "./store.js"
 */
import { Disconnected, Refused } from "../net/protocol.js";

export class Pins extends EventTarget {
  /** The last pinned first. @type {Message[]} */ messages = [];
  #asked = 0;

  /** @param {{socket: Socket, store: Store, session: Session}} parts */
  constructor({ socket, store, session }) {
    super();
    this.socket = socket;
    this.store = store;
    store.addEventListener("current", () => this.#load(true));
    for (const type of ["entered", "resumed"]) session.addEventListener(type, () => this.#load(false));
    socket.onPush("message.pinned", ({ target }) => target === store.current && this.#load(false));
    for (const kind of ["message.edited", "message.recalled", "message.unpinned"]) {
      socket.onPush(kind, ({ target, id }) => target === store.current && this.has(id) && this.#load(false));
    }
    socket.onPush("person.changed", ({ who }) => this.messages.some(({ fromId }) => fromId === who.id) && this.#load(false));
  }

  /** @param {string} id */
  has(id) {
    return this.messages.some((message) => message.id === id);
  }

  /** Throws Refused or Disconnected. @param {Message} message */
  async pin({ target, id }) {
    await this.socket.request("message.pin", { target, id });
    // To the connection that asked, the answer stands for the push.
    this.#load(false);
  }

  /** Throws Refused or Disconnected. @param {Message} message */
  async unpin({ target, id }) {
    await this.socket.request("message.unpin", { target, id });
    this.#load(false);
  }

  /** @param {boolean} anew whether what stands there is of another channel */
  async #load(anew) {
    const asked = ++this.#asked;
    if (anew) this.#set([]);
    const { current } = this.store;
    if (!current || !this.socket.ready) return;
    try {
      const { messages } = await this.socket.request("message.pins", { target: current });
      if (asked === this.#asked) this.#set(messages);
    } catch (error) {
      // They are shown as far as known; the next opening asks again.
      if (!(error instanceof Refused || error instanceof Disconnected)) throw error;
    }
  }

  /** @param {Message[]} messages */
  #set(messages) {
    if (messages.length === 0 && this.messages.length === 0) return;
    this.messages = messages;
    this.dispatchEvent(new Event("change"));
  }
}
