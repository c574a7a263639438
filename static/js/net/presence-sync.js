/**
 * Keeps the list of online users up to date. The server pushes changes; in a large app it may leave them out, so the
 * list is loaded again now and then.
 *
 * @import { PresenceChange, User } from "./wire-types.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 */
import { RequestError } from "./protocol.js";

const REFRESH_INTERVAL_MS = 60_000;
/** Up to this many online users, the server pushes every change. */
const PUSH_LIMIT = 500;

export class PresenceSync {
  #timer = 0;

  /** @param {{socket: Socket, store: Store}} deps */
  constructor({ socket, store }) {
    this.socket = socket;
    this.store = store;
    socket.onPush("enter", (change) => store.setPresence(userOf(change), true));
    socket.onPush("exit", (change) => store.setPresence(userOf(change), false));
    socket.on("status", ({ status }) => {
      if (status === "idle" || status === "ended") clearTimeout(this.#timer);
    });
    socket.onPush("presence.changed", ({ by, away }) => store.setAway(by.id, away));
  }

  /** Load the list; a refusal leaves it as it is. Rejects with DisconnectedError. */
  async load() {
    clearTimeout(this.#timer);
    const count = await this.#fetch();
    if (count !== null && count < PUSH_LIMIT) return;
    this.#timer = setTimeout(() => this.refresh(), REFRESH_INTERVAL_MS);
  }

  /** Load the list in the background. */
  refresh() {
    this.load().catch(() => {});
  }

  /** @returns {Promise<number | null>} the number of online users; null: refused */
  async #fetch() {
    try {
      const { online, count } = await this.socket.request("presence.list");
      this.store.setOnline(online, count);
      return count;
    } catch (error) {
      if (error instanceof RequestError) return null;
      throw error;
    }
  }
}

/** @param {PresenceChange} change @returns {User} */
function userOf({ from, fromId, name = from, avatar = "", kind = "person" }) {
  return { userId: from, id: fromId, name, avatar, kind };
}
