/**
 * The user's scheduled messages: all of them, kept current in every tab. No DOM.
 *
 * `change`: the list has changed.
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { ScheduledMessage } from "./wire-types.js"
 * @import { Store } from "./state/store.js"
 */
import { Emitter } from "./events.js";
import { newId } from "./random-id.js";
import { isRequestFailure } from "./protocol.js";

/** @extends {Emitter<{change: null}>} */
export class ScheduledMessages extends Emitter {
  /** @type {Map<string, ScheduledMessage>} */ #messages = new Map();

  /** @param {{socket: Socket, store: Store, session: Session}} deps */
  constructor({ socket, store, session }) {
    super();
    this.socket = socket;
    this.store = store;
    socket.onPush("scheduled.changed", ({ id, message }) => this.#put(id, message));
    session.on("loaded", () => this.load());
    session.on("resumed", () => this.load());
  }

  /** The messages, the next one first. */
  get all() {
    return [...this.#messages.values()].sort((a, b) => a.at - b.at || Number(a.id) - Number(b.id));
  }

  async load() {
    if (this.store.me?.kind === "guest") return;
    /** @type {Map<string, ScheduledMessage>} */
    const loaded = new Map();
    try {
      for (let hasMore = true; hasMore; ) {
        const page = await this.socket.request("scheduled.list", { skip: loaded.size });
        for (const message of page.messages) loaded.set(message.id, message);
        ({ hasMore } = page);
      }
    } catch (error) {
      // The next connection loads them.
      if (!isRequestFailure(error)) throw error;
      return;
    }
    this.#messages = loaded;
    this.emit("change");
  }

  /**
   * Schedule a message. These calls reject with RequestError or DisconnectedError.
   * @param {{target: string, msg: string, replyTo?: string, threadId?: string, alsoToChannel?: boolean, attachments?: string[]}} message
   * @param {number} at in ms
   */
  async schedule(message, at) {
    const row = await this.socket.request("message.schedule", { ...message, at, clientMsgId: newId() });
    this.#put(row.id, row);
  }

  /** @param {string} id @param {{msg?: string, at?: number}} change */
  async edit(id, change) {
    this.#put(id, await this.socket.request("scheduled.edit", { id, ...change }));
  }

  /** @param {string} id */
  async cancel(id) {
    await this.socket.request("scheduled.cancel", { id });
    this.#put(id);
  }

  /** Send it now. @param {string} id */
  async send(id) {
    const reply = await this.socket.request("scheduled.send", { id });
    this.#put(id);
    this.store.addMessage(await this.socket.request("message.get", { target: reply.target, id: reply.id }));
  }

  /** @param {string} id @param {ScheduledMessage} [message] */
  #put(id, message) {
    if (message) this.#messages.set(id, message);
    else this.#messages.delete(id);
    this.emit("change");
  }
}
