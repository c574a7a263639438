/**
 * The requests of one connection that wait for their replies.
 *
 * @import { Envelope } from "./wire-types.js"
 * @typedef {{cmd: string, resolve: (data: unknown) => void, reject: (error: Error) => void, timer: number}} PendingRequest
 */
import { DisconnectedError, replyData } from "./protocol.js";

export class PendingRequests {
  /** By `seq`. @type {Map<string, PendingRequest>} */ #pending = new Map();
  #count = 0;

  /**
   * Send a request with a `seq` of its own, and resolve with the data of its reply.
   * @param {{cmd: string, timeoutMs: number, onTimeout: () => void, send: (seq: string) => void}} request
   *   `onTimeout`: called if no reply comes in time; the request goes on waiting
   * @returns {Promise<unknown>}
   */
  add({ cmd, timeoutMs, onTimeout, send }) {
    // The letter keeps it apart from the seq of most pushes, which is a number.
    const seq = `c${++this.#count}`;
    return new Promise((resolve, reject) => {
      this.#pending.set(seq, { cmd, resolve, reject, timer: setTimeout(onTimeout, timeoutMs) });
      send(seq);
    });
  }

  /** Settle the request that the envelope answers. Returns false if it is a push. @param {Envelope} envelope */
  settle(envelope) {
    // A push may carry any `seq`, even that of a request: another system may have chosen it.
    const request = this.#pending.get(envelope.seq);
    if (request?.cmd !== envelope.cmd) return false;
    this.#pending.delete(envelope.seq);
    clearTimeout(request.timer);
    try {
      request.resolve(replyData(envelope));
    } catch (error) {
      request.reject(/** @type {Error} */ (error));
    }
    return true;
  }

  get isEmpty() {
    return this.#pending.size === 0;
  }

  /** Reject all with DisconnectedError: their connection is lost. */
  rejectAll() {
    const requests = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, timer } of requests) {
      clearTimeout(timer);
      reject(new DisconnectedError("the connection was lost"));
    }
  }
}
