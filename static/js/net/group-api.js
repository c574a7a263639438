/**
 * Commands of a group's owners and admins. Each call resolves when the server has carried it out, and rejects with
 * RequestError or DisconnectedError. No DOM.
 *
 * @import { GroupPolicy, Invitation, Invite, JoinRequest, ListedRestriction, QrCode, RestrictionKind } from "./wire-types.js"
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

  /** Make an upload the picture of a group, or remove it. @param {string} target @param {string} [attachment] its id */
  async setPicture(target, attachment) {
    const channel = await this.socket.request("channel.picture", { target, ...(attachment ? { attachment } : {}) });
    this.store.putChannel(channel);
    return channel;
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

  /** List the invite links of a group, the newest first. @param {string} target @returns {Promise<Invite[]>} */
  async invites(target) {
    return (await this.socket.request("invite.list", { target })).invites;
  }

  /**
   * Create an invite link. `seconds`: how long it is valid; 0: without an end.
   * @param {string} target @param {{seconds: number, maxUses?: number, needsApproval: boolean}} options
   * @returns {Promise<Invite>}
   */
  async createInvite(target, options) {
    return this.socket.request("invite.create", { target, ...options });
  }

  /** @param {string} target @param {string} id */
  async revokeInvite(target, id) {
    await this.socket.request("invite.revoke", { target, id });
  }

  /** Return the group to which a link invites. @param {string} token @returns {Promise<Invitation>} */
  async invitation(token) {
    return this.socket.request("invite.show", { token });
  }

  /** Join a group by its link, or ask for it. @param {string} token @returns {Promise<"member" | "requested">} */
  async acceptInvite(token) {
    const { state, channel } = await this.socket.request("invite.accept", { token });
    if (channel) this.store.putChannel(channel);
    return state;
  }

  /** Withdraw the user's own request to join a group. @param {string} target */
  async withdraw(target) {
    await this.socket.request("invite.withdraw", { target });
  }

  /** Draw the QR code of a text. @param {string} text @returns {Promise<QrCode>} */
  async qrCode(text) {
    return this.socket.request("invite.qr", { text });
  }

  /** List the first open requests to join a group. @param {string} target @returns {Promise<JoinRequest[]>} */
  async joinRequests(target) {
    return (await this.socket.request("invite.requests", { target, limit: 100 })).requests;
  }

  /** @param {string} target @param {string} member @param {boolean} approve */
  async decide(target, member, approve) {
    await this.socket.request("invite.decide", { target, member, approve });
    this.store.putChannel(await this.socket.request("channel.get", { target }));
  }
}
