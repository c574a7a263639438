/**
 * Commands of a group's owners and admins. Each call resolves when the server has carried it out, and rejects with
 * RequestError or DisconnectedError. No DOM.
 *
 * @import { GroupPolicy, ListedRestriction, RestrictionKind } from "./wire-types.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 */

export class GroupApi {
  /** @param {Socket} socket @param {Store} store */
  constructor(socket, store) {
    this.socket = socket;
    this.store = store;
  }

  /** @param {string} target @param {string} name */
  async rename(target, name) {
    this.store.putChannel(await this.socket.request("channel.rename", { target, name }));
  }

  /** @param {string} target @param {GroupPolicy} policy */
  async setPolicy(target, policy) {
    this.store.putChannel(await this.socket.request("channel.policy", { target, ...policy }));
  }

  /** Close the user's own group, or reopen it. @param {string} target @param {boolean} closed */
  async setClosed(target, closed) {
    this.store.putChannel(await this.socket.request("channel.close", { target, closed }));
  }

  /** Make another member the owner instead of the user. @param {string} target @param {string} member */
  async transfer(target, member) {
    await this.socket.request("channel.transfer", { target, member });
  }

  /**
   * Mute or ban a user. Without `seconds` it has no end.
   * @param {{target: string, member: string, kind: RestrictionKind, seconds?: number, reason: string}} restriction
   */
  async restrict(restriction) {
    await this.socket.request("channel.restrict", restriction);
  }

  /** @param {string} target @param {string} member @param {RestrictionKind} kind */
  async lift(target, member, kind) {
    await this.socket.request("channel.unrestrict", { target, member, kind });
  }

  /** List the mutes and bans of a group, the newest first. @param {string} target @returns {Promise<ListedRestriction[]>} */
  async restrictions(target) {
    return (await this.socket.request("channel.restrictions", { target })).restrictions;
  }
}
