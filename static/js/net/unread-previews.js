/**
 * The first unread messages of channels, for the list of unread channels. Each channel is asked for once for each place
 * at which its unread messages begin. No DOM.
 *
 * @import { Channel, Message, Pushes } from "./wire-types.js"
 * @import { LoggedMessage } from "./state/channel-log.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 */
import { Emitter } from "./events.js";
import { isRequestFailure } from "./protocol.js";

/** Messages that are shown of a channel, and that are loaded: some may be recalled, or belong to a thread. */
const SHOWN = 3;
const LOADED = 10;

/** @extends {Emitter<{change: null}>} */
export class UnreadPreviews extends Emitter {
  /** By channel, from which number on they were loaded, and the messages. @type {Map<string, {after: number, messages: Message[]}>} */ #loaded = new Map();

  /** @param {{socket: Socket, store: Store}} deps */
  constructor({ socket, store }) {
    super();
    this.socket = socket;
    store.on("added", (message) => this.#add(message));
    store.on("edited", (edit) => this.#edit(edit));
    store.on("recalled", ({ target, id }) => this.#forget(target, id));
    store.on("channel-left", ({ target }) => this.#loaded.delete(target));
    store.on("current", () => store.currentTarget === null && this.#loaded.clear());
  }

  /** Return the first unread messages as far as they are loaded, and load them if they are not. @param {Channel} channel @returns {Message[]} */
  of({ target, readSeq }) {
    const known = this.#loaded.get(target);
    const shown = known?.messages.filter(({ seq, recalled, threadOnly }) => seq > readSeq && !recalled && !threadOnly) ?? [];
    const isEnough = known !== undefined && (known.after === readSeq || shown.length > 0);
    if (!isEnough && this.socket.isReady) this.#load(target, readSeq);
    return shown.slice(0, SHOWN);
  }

  /** @param {string} target @param {number} after */
  async #load(target, after) {
    const entry = { after, messages: /** @type {Message[]} */ ([]) };
    this.#loaded.set(target, entry);
    try {
      entry.messages = (await this.socket.request("message.history", { target, after, limit: LOADED })).messages;
      this.emit("change");
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      // The next rendering tries again.
      if (this.#loaded.get(target) === entry) this.#loaded.delete(target);
    }
  }

  /** Add a new message, unless there are others between. @param {LoggedMessage} message */
  #add(message) {
    const known = this.#loaded.get(message.target);
    const lastSeq = known?.messages.at(-1)?.seq ?? known?.after;
    if (known && message.seq === Number(lastSeq) + 1 && known.messages.length < LOADED) known.messages.push(message);
  }

  /** @param {Pushes["message.edited"]} edit */
  #edit(edit) {
    const known = this.#loaded.get(edit.target);
    if (!known) return;
    known.messages = known.messages.map((message) => (message.id === edit.id ? { ...message, ...edit } : message));
    this.emit("change");
  }

  /** @param {string} target @param {string} id of a message without text from now on */
  #forget(target, id) {
    const known = this.#loaded.get(target);
    if (known) known.messages = known.messages.filter((message) => message.id !== id);
  }
}
