/**
 * Tells the others that the user is typing, and keeps the list of those who are. No DOM.
 *
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 */
import { TypingUsers } from "./state/typing.js";
import { RequestError } from "./protocol.js";

const REPEAT_MS = 3000;
/** After this time, a channel that was too large, or a setting, may have changed. */
const RETRY_MS = 300_000;

export class TypingSync {
  /** The time of the next notice, by place. @type {Map<string, number>} */ #nextAt = new Map();
  users = new TypingUsers();

  /** @param {{socket: Socket, store: Store}} deps */
  constructor({ socket, store }) {
    this.socket = socket;
    socket.onPush("typing", ({ target, threadId, by }) => {
      if (by.id !== store.me?.id) this.users.add(target, threadId, by);
    });
    store.on("added", ({ target, threadId, threadOnly, fromId }) => {
      this.users.remove(target, threadId, fromId);
      if (!threadOnly) this.users.remove(target, undefined, fromId);
      if (fromId === store.me?.id) this.#nextAt.delete(`${target} ${threadId ?? ""}`);
    });
    store.on("me", () => {
      this.#nextAt.clear();
      this.users.clear();
    });
  }

  /** The user is typing: tell it, unless it was told a moment ago. @param {string} target @param {string} [threadId] */
  async notify(target, threadId) {
    const place = `${target} ${threadId ?? ""}`;
    if (!this.socket.isReady || performance.now() < (this.#nextAt.get(place) ?? 0)) return;
    this.#nextAt.set(place, performance.now() + REPEAT_MS);
    try {
      const { shown } = await this.socket.request("typing", { target, ...(threadId ? { threadId } : {}) });
      if (!shown) this.#nextAt.set(place, performance.now() + RETRY_MS);
    } catch (error) {
      // The user may not send here, or too much; without a connection, nobody could be told.
      if (error instanceof RequestError) this.#nextAt.set(place, performance.now() + RETRY_MS);
    }
  }
}
