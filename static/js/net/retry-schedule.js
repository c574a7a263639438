/** Decides when a lost connection is made again: after growing pauses, or when the server says. */
import { CloseCode, backoffDelay, placeDelay, restartDelay } from "./protocol.js";

/** After a connection has lasted this long, the next pauses start from the shortest. */
const STABLE_AFTER_MS = 10_000;
/** Attempts that a connection closed for its rate counts as. */
const RATE_LIMIT_ATTEMPTS = 4;

export class RetrySchedule {
  #attempt = 0;
  #retryTimer = 0;
  #stableTimer = 0;

  /** @param {() => void} connect called when the time has come */
  constructor(connect) {
    this.connect = connect;
  }

  /** The connection works. */
  noteReady() {
    this.#stableTimer = setTimeout(() => (this.#attempt = 0), STABLE_AFTER_MS);
  }

  /** The connection has ended. */
  noteEnd() {
    clearTimeout(this.#stableTimer);
  }

  /**
   * Plan the next attempt, and return the milliseconds until then.
   * @param {{isTooMany: boolean, code?: number, closeReason: string}} end
   *   `isTooMany`: the user has too many connections; `code`, `closeReason`: with which the server has closed the last one
   */
  plan({ isTooMany, code, closeReason }) {
    const restart = restartDelay(code, closeReason);
    if (restart === null && !isTooMany) this.#attempt += code === CloseCode.FLOOD ? RATE_LIMIT_ATTEMPTS : 1;
    const random = Math.random();
    const delay = restart ?? (isTooMany ? placeDelay(random) : backoffDelay(this.#attempt, random));
    this.#retryTimer = setTimeout(this.connect, delay);
    return delay;
  }

  /** Plan nothing: an attempt is made now, or none. */
  cancel() {
    clearTimeout(this.#retryTimer);
  }

  /** Forget all attempts. */
  reset() {
    this.cancel();
    this.#attempt = 0;
  }
}
