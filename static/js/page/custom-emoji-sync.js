/**
 * Keeps the custom emoji up to date: loaded at each login, and changed by pushes.
 *
 * @import { Session } from "../net/session.js"
 * @import { Socket } from "../net/socket.js"
 */
import { customEmoji } from "../state/custom-emoji.js";
import { isRequestFailure } from "../net/protocol.js";

export class CustomEmojiSync {
  /** Pushes so far. */ #changes = 0;

  /** @param {{socket: Socket, session: Session}} deps */
  constructor({ socket, session }) {
    this.socket = socket;
    for (const event of /** @type {const} */ (["loaded", "resumed"])) session.on(event, () => this.#load());
    socket.onPush("emoji.changed", ({ name, emoji }) => {
      this.#changes += 1;
      customEmoji.set(name, emoji);
    });
  }

  async #load() {
    const changes = this.#changes;
    try {
      const { emoji } = await this.socket.request("emoji.list");
      // A list that was read before a change that is known here is read again.
      if (changes === this.#changes) customEmoji.setAll(emoji);
      else await this.#load();
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
    }
  }
}
