/**
 * The people one knows: friends, requests either way, and whom one blocks. Pure state, as `friend.list` told it last.
 *
 * @import { Person } from "../net/protocol.js"
 * @typedef {Person & {online: boolean}} Friend
 * @typedef {"friend" | "asking" | "asked" | "none"} Relation  `asking`: they ask, `asked`: I have asked
 */

export class Circle {
  /** By id, like the others. @type {Map<string, Friend>} */ friends = new Map();
  /** @type {Map<string, Person>} */ asking = new Map();
  /** @type {Map<string, Person>} */ asked = new Map();
  /** @type {Map<string, Person>} */ blocked = new Map();
  loaded = false;
  /** The last try to load it did not succeed. */
  failed = false;

  /** @param {{friends: Friend[], asking: Person[], asked: Person[], blocked: Person[]}} told */
  set(told) {
    this.friends = byId(told.friends);
    this.asking = byId(told.asking);
    this.asked = byId(told.asked);
    this.blocked = byId(told.blocked);
    this.loaded = true;
    this.failed = false;
  }

  clear() {
    this.set({ friends: [], asking: [], asked: [], blocked: [] });
    this.loaded = false;
  }

  /** @param {string} id @returns {Relation} */
  relation(id) {
    if (this.friends.has(id)) return "friend";
    if (this.asking.has(id)) return "asking";
    return this.asked.has(id) ? "asked" : "none";
  }

  /** @param {string} id @returns {Person | undefined} */
  person(id) {
    return this.friends.get(id) ?? this.asking.get(id) ?? this.asked.get(id) ?? this.blocked.get(id);
  }

  /** Everybody in it. @returns {Person[]} */
  get people() {
    return [this.friends, this.asking, this.asked, this.blocked].flatMap((/** @type {Map<string, Person>} */ list) => [...list.values()]);
  }
}

/** @template {Person} P @param {P[]} people @returns {Map<string, P>} */
function byId(people) {
  return new Map(people.map((person) => [person.id, person]));
}
