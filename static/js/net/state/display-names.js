/**
 * Keeps users' display names and avatars current wherever the store holds them. No DOM.
 *
 * @import { User } from "../wire-types.js"
 * @import { Store } from "./store.js"
 * @import { MentionNames } from "./message-mentions.js"
 * @typedef {Omit<User, "kind">} Profile
 */

export class DisplayNames {
  /** The last seen name and avatar by user id. @type {Map<string, string>} */ #lastSeen = new Map();

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  clear() {
    this.#lastSeen.clear();
  }

  /** Take over the name and avatar that an event of this user carries. @param {User} user */
  observe({ id, userId, name, avatar }) {
    if (this.#isKnown({ id, name, avatar })) return;
    // A service may send in another name; that name must not replace its own.
    this.#apply({ id, userId, name, avatar }, userId);
  }

  /** Take over a changed profile, also of a deleted account. @param {User} user */
  update({ id, userId, name, avatar, kind, status = "", active = true }) {
    this.#isKnown({ id, name, avatar });
    this.#apply({ id, userId, name, avatar, status, active }, kind === "service" ? userId : null);
  }

  /** Return the names of the users in the open channel, as far as known. @returns {MentionNames} */
  mentionNames() {
    const { channel, currentTarget, log, me, members, online } = this.store;
    const users = [
      channel?.peer,
      ...(members.get(currentTarget ?? "")?.members ?? []),
      ...(channel?.kind === "global" ? online.values() : []),
    ];
    const all = [
      ...(log?.messages ?? []).flatMap(({ name, from }) => [name, from]),
      ...users.flatMap((user) => (user ? [user.name, user.userId] : [])),
    ];
    const names = new Map(all.map((name) => [name.toLowerCase(), false]));
    for (const name of me ? [me.name, me.userId] : []) names.set(name.toLowerCase(), true);
    return names;
  }

  /** Remember the name and avatar; return whether they were the last seen ones. @param {Pick<User, "id" | "name" | "avatar">} user */
  #isKnown({ id, name, avatar }) {
    const value = `${name}\n${avatar}`;
    const isKnown = this.#lastSeen.get(id) === value;
    this.#lastSeen.set(id, value);
    return isKnown;
  }

  /**
   * @param {Profile} profile
   * @param {string | null} userName  changes only what stands under this user name; null: everything of the user
   */
  #apply(profile, userName) {
    const { store } = this;
    const { id, name } = profile;
    const isTheirs = (/** @type {string} */ ownerId, /** @type {string} */ ownerName) =>
      ownerId === id && (userName === null || ownerName === userName);
    const known = [store.me, store.online.get(id), ...store.contacts.users];
    for (const { members } of store.members.values()) known.push(...members);
    for (const { peer } of store.channels.values()) known.push(peer);
    const copies = new Set(known.filter((user) => user !== null && user !== undefined && isTheirs(user.id, user.userId)));
    for (const user of copies) Object.assign(user ?? {}, profile);
    for (const channel of store.channels.values()) {
      if (channel.peer && copies.has(channel.peer)) channel.name = name;
    }
    for (const [target, log] of store.logs) if (log.rename(profile, userName)) store.emit("log", target);
    for (const quoted of store.quotedMessages.values()) {
      if (quoted && isTheirs(quoted.fromId, quoted.from)) quoted.name = name;
    }
    store.emit("user-renamed", { profile, userName });
    store.emit("channels");
    store.emit("presence");
    store.emit("contacts");
    if (store.me?.id === id) store.emit("me");
  }
}
