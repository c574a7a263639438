/**
 * Saves messages for later, and keeps their marks up to date: loaded at each login, and changed by pushes. No DOM.
 *
 * @import { Session } from "../net/session.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 */
import { savedMarks } from "../state/saved-marks.js";
import { isRequestFailure } from "../net/protocol.js";

export class SavedMessages {
  /** Changes so far. */ #changes = 0;

  /** @param {{socket: Socket, store: Store, session: Session}} deps */
  constructor({ socket, store, session }) {
    this.socket = socket;
    this.store = store;
    for (const event of /** @type {const} */ (["loaded", "resumed"])) session.on(event, () => this.#load());
    socket.onPush("saved.changed", ({ id, savedAt }) => this.#set(id, savedAt !== undefined));
  }

  /** Rejects with RequestError or DisconnectedError, as `remove` does. @param {{target: string, id: string}} message */
  async save({ target, id }) {
    await this.socket.request("saved.add", { target, id });
    this.#set(id, true);
  }

  /** @param {string} id */
  async remove(id) {
    await this.socket.request("saved.remove", { id });
    this.#set(id, false);
  }

  /** @param {string} id @param {boolean} isSaved */
  #set(id, isSaved) {
    this.#changes += 1;
    savedMarks.set(id, isSaved);
  }

  async #load() {
    if (this.store.me?.kind === "guest") return;
    const changes = this.#changes;
    try {
      /** @type {string[]} */
      const loaded = [];
      /** @type {string | null} */
      let next = null;
      do {
        const page = /** @type {{ids: string[], next: string | null}} */ (
          await this.socket.request("saved.ids", next ? { before: next } : {})
        );
        loaded.push(...page.ids);
        ({ next } = page);
      } while (next);
      // Ids that were read before a change that is known here are read again.
      if (changes === this.#changes) savedMarks.setAll(loaded);
      else await this.#load();
    } catch (error) {
      // The next connection loads them.
      if (!isRequestFailure(error)) throw error;
    }
  }
}
