/**
 * The pinned messages of the open channel, loaded when it is opened and again after each change. No DOM.
 *
 * @import { Message } from "../net/wire-types.js"
 * @import { Session } from "../net/session.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 */
import { Emitter } from "../net/events.js";
import { isRequestFailure } from "../net/protocol.js";

const CHANGES_OF_PINNED = /** @type {const} */ (["message.edited", "message.recalled", "message.unpinned"]);

/** @extends {Emitter<{change: null}>} */
export class Pins extends Emitter {
  /** The last pinned one first. @type {Message[]} */ messages = [];
  #loadCount = 0;

  /** @param {{socket: Socket, store: Store, session: Session}} deps */
  constructor({ socket, store, session }) {
    super();
    this.socket = socket;
    this.store = store;
    store.on("current", () => this.#load(true));
    session.on("loaded", () => this.#load(false));
    session.on("resumed", () => this.#load(false));
    socket.onPush("message.pinned", ({ target }) => this.#reloadIf(target === store.currentTarget));
    for (const kind of CHANGES_OF_PINNED) {
      socket.onPush(kind, ({ target, id }) => this.#reloadIf(target === store.currentTarget && this.has(id)));
    }
    store.on("expired", ({ target, seq }) => {
      this.#reloadIf(target === store.currentTarget && this.messages.some((message) => message.seq <= seq));
    });
    socket.onPush("person.changed", ({ who }) => this.#reloadIf(this.messages.some(({ fromId }) => fromId === who.id)));
  }

  /** @param {string} id of a message */
  has(id) {
    return this.messages.some((message) => message.id === id);
  }

  /** Rejects with RequestError or DisconnectedError. @param {Message} message */
  async pin({ target, id }) {
    await this.socket.request("message.pin", { target, id });
    // The connection that sent the request gets a reply in place of the push.
    this.#load(false);
  }

  /** Rejects with RequestError or DisconnectedError. @param {Message} message */
  async unpin({ target, id }) {
    await this.socket.request("message.unpin", { target, id });
    this.#load(false);
  }

  /** @param {boolean} isAffected */
  #reloadIf(isAffected) {
    if (isAffected) this.#load(false);
  }

  /** @param {boolean} isOtherChannel whether the present messages are of another channel */
  async #load(isOtherChannel) {
    const count = ++this.#loadCount;
    if (isOtherChannel) this.#set([]);
    const { currentTarget: target } = this.store;
    if (!target || !this.socket.isReady) return;
    try {
      const { messages } = await this.socket.request("message.pins", { target });
      if (count === this.#loadCount) this.#set(messages);
    } catch (error) {
      // The next opening of the channel loads them again.
      if (!isRequestFailure(error)) throw error;
    }
  }

  /** @param {Message[]} messages */
  #set(messages) {
    if (messages.length === 0 && this.messages.length === 0) return;
    this.messages = messages;
    this.emit("change");
  }
}
