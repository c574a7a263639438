/**
 * The other users who are typing, by channel and thread. No DOM.
 *
 * @import { User } from "../wire-types.js"
 */
import { Emitter } from "../events.js";

/** They repeat it every three seconds, so one that is lost does not show. */
const SHOWN_MS = 6000;

/** @extends {Emitter<{change: null}>} */
export class TypingUsers extends Emitter {
  /** By place, then by user id. @type {Map<string, Map<string, {user: User, timer: number}>>} */ #places = new Map();

  /** Show a user for a while. @param {string} target @param {string | undefined} threadId @param {User} user */
  add(target, threadId, user) {
    const place = placeOf(target, threadId);
    const users = this.#places.get(place) ?? new Map();
    clearTimeout(users.get(user.id)?.timer);
    this.#places.set(place, users.set(user.id, { user, timer: setTimeout(() => this.remove(target, threadId, user.id), SHOWN_MS) }));
    this.emit("change");
  }

  /** The user has sent what they typed, or stopped. @param {string} target @param {string | undefined} threadId @param {string} userId */
  remove(target, threadId, userId) {
    const place = placeOf(target, threadId);
    const users = this.#places.get(place);
    const known = users?.get(userId);
    if (!users || !known) return;
    clearTimeout(known.timer);
    users.delete(userId);
    if (!users.size) this.#places.delete(place);
    this.emit("change");
  }

  /** Return those who are typing there, the first one first. @param {string | null} target @param {string} [threadId] @returns {User[]} */
  in(target, threadId) {
    return [...(this.#places.get(placeOf(target ?? "", threadId))?.values() ?? [])].map(({ user }) => user);
  }

  clear() {
    for (const users of this.#places.values()) for (const { timer } of users.values()) clearTimeout(timer);
    this.#places.clear();
    this.emit("change");
  }
}

/** @param {string} target @param {string} [threadId] */
function placeOf(target, threadId = "") {
  return `${target} ${threadId}`;
}
