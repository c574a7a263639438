/**
 * The user's contacts: friends, friend requests in both directions, and blocked users. Pure state.
 *
 * @import { ContactLists, Friend, User } from "../wire-types.js"
 * @typedef {"friend" | "incoming" | "outgoing" | "none"} Relation  `incoming` and `outgoing`: a friend request
 */

export class Contacts {
  /** Each list is keyed by user id. @type {Map<string, Friend>} */ friends = new Map();
  /** Users whose friend requests wait for the user's answer. @type {Map<string, User>} */ incoming = new Map();
  /** Users who have not answered the user's friend request. @type {Map<string, User>} */ outgoing = new Map();
  /** @type {Map<string, User>} */ blocked = new Map();
  isLoaded = false;
  /** True if the last attempt to load them failed. */
  isFailed = false;

  /** @param {ContactLists} lists */
  set({ friends, asking, asked, blocked }) {
    this.friends = byId(friends);
    this.incoming = byId(asking);
    this.outgoing = byId(asked);
    this.blocked = byId(blocked);
    this.isLoaded = true;
    this.isFailed = false;
  }

  clear() {
    this.set({ friends: [], asking: [], asked: [], blocked: [] });
    this.isLoaded = false;
  }

  /** @param {string} id @returns {Relation} */
  relation(id) {
    if (this.friends.has(id)) return "friend";
    if (this.incoming.has(id)) return "incoming";
    return this.outgoing.has(id) ? "outgoing" : "none";
  }

  /** @param {string} id @returns {User | undefined} */
  user(id) {
    return this.friends.get(id) ?? this.incoming.get(id) ?? this.outgoing.get(id) ?? this.blocked.get(id);
  }

  /** The users of all lists. @returns {User[]} */
  get users() {
    return [this.friends, this.incoming, this.outgoing, this.blocked].flatMap(
      (/** @type {Map<string, User>} */ list) => [...list.values()],
    );
  }
}

/** @template {User} U @param {U[]} users @returns {Map<string, U>} */
function byId(users) {
  return new Map(users.map((user) => [user.id, user]));
}
