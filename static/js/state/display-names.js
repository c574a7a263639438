/**
 * What people are called and look like now, wherever the store holds them. No DOM.
 *
 * @import { Person } from "../net/protocol.js"
 * @import { Store } from "./store.js"
 * @import { Names } from "../lib/text.js"
 */

export class Faces {
  /** Names and pictures by id, as last met. @type {Map<string, string>} */ #met = new Map();

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  clear() {
    this.#met.clear();
  }

  /** From an event of theirs; most of the times nothing is new. @param {Person} now */
  meet({ id, userId, name, avatar }) {
    if (this.#isFamiliar({ id, name, avatar })) return;
    // A service may speak in another's name: then it is not called so.
    this.#spread({ id, userId, name, avatar }, userId);
  }

  /** They have changed what others see of them, or have left for good and lost their name. @param {Person} now */
  change({ id, userId, name, avatar, kind, status = "" }) {
    this.#isFamiliar({ id, name, avatar });
    this.#spread({ id, userId, name, avatar, status }, kind === "service" ? userId : null);
  }

  /** What people in the open channel are called, as far as known. @returns {Names} */
  names() {
    const { channel, current, log, me, members, online } = this.store;
    const people = [channel?.peer, ...(members.get(current ?? "")?.members ?? []), ...(channel?.kind === "global" ? online.values() : [])];
    const called = [
      ...(log?.messages ?? []).flatMap(({ name, from }) => [name, from]),
      ...people.flatMap((person) => (person ? [person.name, person.userId] : [])),
    ];
    const names = new Map(called.map((name) => [name.toLowerCase(), false]));
    for (const name of me ? [me.name, me.userId] : []) names.set(name.toLowerCase(), true);
    return names;
  }

  /** Whether they were called and looked so when last met. @param {Pick<Person, "id" | "name" | "avatar">} now */
  #isFamiliar({ id, name, avatar }) {
    const face = `${name}\n${avatar}`;
    const isFamiliar = this.#met.get(id) === face;
    this.#met.set(id, face);
    return isFamiliar;
  }

  /** @param {Omit<Person, "kind">} now @param {string | null} as only where they go by this name; null: everywhere */
  #spread(now, as) {
    const { store } = this;
    const { id, name } = now;
    const isTheirs = (/** @type {string} */ of, /** @type {string} */ called) => of === id && (as === null || called === as);
    const known = [store.me, store.online.get(id), ...store.circle.people];
    for (const { members } of store.members.values()) known.push(...members);
    for (const { peer } of store.channels.values()) known.push(peer);
    const same = new Set(known.filter((person) => person && isTheirs(person.id, person.userId)));
    for (const person of same) Object.assign(/** @type {Person} */ (person), now);
    for (const channel of store.channels.values()) if (channel.peer && same.has(channel.peer)) channel.name = name;
    for (const [target, log] of store.logs) if (log.rename(now, as)) store.emit("log", target);
    for (const quote of store.quotes.values()) if (quote && isTheirs(quote.fromId, quote.from)) quote.name = name;
    store.emit("renamed", { now, as });
    for (const type of ["channels", "presence", "circle"]) store.emit(type);
    if (store.me?.id === id) store.emit("me");
  }
}
