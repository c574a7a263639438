/**
 * People and groups: finding, making, changing, leaving. Each call resolves when the server has done it, and throws
 * Refused or Disconnected. No DOM.
 *
 * @import { Channel, Person, Role } from "./protocol.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "../state/store.js"
 */

export class Directory {
  /** @param {Socket} socket @param {Store} store */
  constructor(socket, store) {
    this.socket = socket;
    this.store = store;
  }

  /** @param {string} q @returns {Promise<Person[]>} */
  async findPeople(q) {
    return (await this.socket.request("person.search", { q })).persons;
  }

  /** @param {string} q @returns {Promise<{target: string, name: string, memberCount: number, join: string}[]>} */
  async findGroups(q) {
    return (await this.socket.request("channel.search", { q })).channels;
  }

  /** The private channel with somebody, made if there is none. @param {string} userId */
  async talkTo(userId) {
    return this.#put(await this.socket.request("channel.create", { kind: "private", members: [userId] }));
  }

  /** @param {{name: string, members: string[], join: string, listed: boolean}} group */
  async createGroup({ name, members, join, listed }) {
    const named = name ? { name } : {};
    return this.#put(await this.socket.request("channel.create", { kind: "public", members, join, listed, ...named }));
  }

  /** @param {string} target */
  async join(target) {
    return this.#put(await this.socket.request("channel.join", { target }));
  }

  /** @param {string} target */
  async leave(target) {
    await this.socket.request("channel.leave", { target });
    this.store.removeChannel(target);
  }

  /** @param {string} target @param {string[]} members @returns {Promise<Person[]>} those who were not in it before */
  async invite(target, members) {
    return (await this.socket.request("channel.invite", { target, members })).added;
  }

  /** @param {string} target @param {string} member */
  async remove(target, member) {
    await this.socket.request("channel.remove", { target, member });
  }

  /** @param {string} target @param {string} member @param {Role} role */
  async setRole(target, member, role) {
    await this.socket.request("channel.role", { target, member, role });
  }

  /** @param {string} target @param {string} name */
  async rename(target, name) {
    return this.#put(await this.socket.request("channel.rename", { target, name }));
  }

  /**
   * Mutes somebody in a group or bans them from it, for a time or for good.
   * @param {string} target @param {string} member @param {"mute" | "ban"} kind @param {number} [seconds]
   */
  async restrict(target, member, kind, seconds) {
    await this.socket.request("channel.restrict", { target, member, kind, ...(seconds ? { seconds } : {}) });
  }

  /** @param {string} target @param {Partial<Pick<Channel, "join" | "listed" | "announcementsOnly" | "slowMode">>} policy */
  async setPolicy(target, policy) {
    return this.#put(await this.socket.request("channel.policy", { target, ...policy }));
  }

  /** @param {string} userId */
  async requestFriend(userId) {
    await this.socket.request("friend.request", { userId });
  }

  /** @param {string} userId */
  async acceptFriend(userId) {
    await this.socket.request("friend.accept", { userId });
  }

  /** @param {string} userId */
  async declineFriend(userId) {
    await this.socket.request("friend.decline", { userId });
  }

  /** Ends a friendship, or takes one's own request back. @param {string} userId */
  async removeFriend(userId) {
    await this.socket.request("friend.remove", { userId });
  }

  /** @param {string} userId */
  async block(userId) {
    await this.socket.request("person.block", { userId });
  }

  /** @param {string} userId */
  async unblock(userId) {
    await this.socket.request("person.unblock", { userId });
  }

  /** Has a moderator look at a message. @param {{target: string, id: string}} message @param {string} reason */
  async report({ target, id }, reason) {
    await this.socket.request("message.report", { target, id, reason });
  }

  /** @param {Channel} channel */
  #put(channel) {
    this.store.putChannel(channel);
    return channel;
  }
}
