/**
 * Decides which pushes are new, and their order. Pure: no socket, no clock.
 *
 * The server confirms positions: everything up to a confirmed position has been pushed to this connection. After a
 * reconnect the client syncs from the last confirmed position, so some pushes come a second time. Live pushes that arrive
 * while the missed ones are fetched page by page are held back until the last page.
 * @import { Envelope } from "./wire-types.js"
 */

export class PositionTracker {
  /** Pushes at or below it came before this connection. A node that is behind may push them again. */ #baseline = 0;
  /** Positions above `confirmed` that have been passed on; while fetching, also those below. @type {Set<number>} */ #passed = new Set();
  /** Live pushes held back while missed ones are fetched; null otherwise. @type {Envelope[] | null} */ #held = null;

  /** @param {number | null} after the position to continue from; null: from now on */
  constructor(after) {
    /** The last confirmed position, from which the next connection continues; null before the first login. @type {number | null} */
    this.confirmed = after;
  }

  /** Prepare for the login of a new connection. Held pushes of the previous one are fetched again. */
  startLogin() {
    this.#baseline = this.confirmed ?? 0;
    this.#held = this.confirmed === null ? null : [];
  }

  /** Return the pushes to pass on after a live push. @param {Envelope} push @returns {Envelope[]} */
  receive(push) {
    const position = positionOf(push);
    if (position !== null && position <= this.#baseline) return [];
    if (this.#held === null || position === null) return this.#takeNew([push]);
    this.#held.push(push);
    return [];
  }

  /** Return the pushes to pass on after a page of missed ones, whose position is to be confirmed then. @param {Envelope[]} pushes @param {boolean} hasMore @returns {Envelope[]} */
  receivePage(pushes, hasMore) {
    const ready = this.#takeNew(pushes);
    if (!hasMore) {
      const held = this.#held ?? [];
      this.#held = null;
      // Pages leave out the app's global channel, so a held push may be below the page's position.
      ready.push(...this.#takeNew(held.sort((a, b) => (positionOf(a) ?? 0) - (positionOf(b) ?? 0))));
    }
    return ready;
  }

  /** Everything up to the position has come. @param {number} position */
  confirm(position) {
    this.confirmed = Math.max(position, this.confirmed ?? 0);
    if (this.#held === null) this.#passed = new Set([...this.#passed].filter((passed) => passed > position));
  }

  /** Too much was missed: continue from a position, which may be lower than the confirmed one. @param {number} position */
  reset(position) {
    this.confirmed = position;
    this.#baseline = 0;
    this.#passed.clear();
  }

  /** An event of this client's own is not pushed to its connection, but a later page may contain it. @param {number} position */
  markPassed(position) {
    if (position > (this.confirmed ?? 0)) this.#passed.add(position);
  }

  /** @param {Envelope[]} pushes */
  #takeNew(pushes) {
    return pushes.filter((push) => {
      const position = positionOf(push);
      if (position === null) return true;
      if (this.#passed.has(position)) return false;
      this.#passed.add(position);
      return true;
    });
  }
}

/** @param {Envelope} push @returns {number | null} */
function positionOf({ data }) {
  const position = /** @type {{position?: unknown} | null} */ (data)?.position;
  return typeof position === "number" ? position : null;
}
