/**
 * Loads the members of groups into the store, page by page.
 *
 * @import { Member } from "./wire-types.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 */

const PAGE_SIZE = 100;

export class MemberLoader {
  /** The last load of each group. @type {Map<string, Promise<void>>} */ #loads = new Map();

  /** @param {{socket: Socket, store: Store}} deps */
  constructor({ socket, store }) {
    this.socket = socket;
    this.store = store;
  }

  /**
   * Load as many members again as were loaded before, or one page more. Loads of a group run one after the other, so
   * that the latest reply is the one that stays. Rejects with RequestError or DisconnectedError.
   * @param {string} target
   * @param {boolean} [more]
   * @returns {Promise<void>}
   */
  load(target, more = false) {
    const previous = this.#loads.get(target) ?? Promise.resolve();
    const load = previous.catch(() => {}).then(() => this.#fetch(target, more));
    this.#loads.set(target, load);
    return load;
  }

  /** @param {string} target @param {boolean} more */
  async #fetch(target, more) {
    const known = this.store.members.get(target)?.members ?? [];
    /** @type {Member[]} */
    let members = more ? known : [];
    let hasMore = false;
    do {
      const after = members.at(-1)?.id;
      const range = { ...(after ? { after } : {}), limit: PAGE_SIZE };
      const page = await this.socket.request("channel.members", { target, ...range });
      members = [...members, ...page.members];
      hasMore = page.hasMore;
    } while (hasMore && members.length < known.length);
    this.store.setMembers(target, members, hasMore);
  }
}
