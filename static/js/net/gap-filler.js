/**
 * Fetches messages that are missing within a channel's loaded range. A missing sequence number is usually on its way, so
 * the request follows after a short wait.
 *
 * @import { Socket } from "./socket.js"
 * @import { ChannelLog } from "./state/channel-log.js"
 * @import { Store } from "./state/store.js"
 */

const WAIT_MS = 400;
const PAGE_SIZE = 100;

export class GapFiller {
  /** @type {Set<string>} */ #scheduled = new Set();

  /** @param {{socket: Socket, store: Store}} deps */
  constructor({ socket, store }) {
    this.socket = socket;
    this.store = store;
  }

  /** Check a channel for gaps, and fill them unless the missing messages arrive soon. @param {string} target */
  check(target) {
    const log = this.store.logs.get(target);
    if (!log?.isLoaded || this.#gapIn(log, target) === null || this.#scheduled.has(target)) return;
    this.#scheduled.add(target);
    setTimeout(async () => {
      try {
        await this.#fill(log, target);
      } catch {
        // The next message or reconnect checks again.
      } finally {
        this.#scheduled.delete(target);
      }
    }, WAIT_MS);
  }

  /** @param {ChannelLog} log @param {string} target */
  async #fill(log, target) {
    for (let gap; this.socket.isReady && (gap = this.#gapIn(log, target)) !== null; ) {
      const page = await this.socket.request("message.history", { target, after: gap, limit: PAGE_SIZE });
      // Meanwhile another range may have been loaded, in which this page would leave a gap.
      if (this.#gapIn(log, target) !== gap) continue;
      log.fill(gap, page);
      this.store.emit("log", target);
    }
  }

  /** @param {ChannelLog} log @param {string} target */
  #gapIn(log, target) {
    return log.gap(this.store.channels.get(target)?.lastSeq ?? 0);
  }
}
