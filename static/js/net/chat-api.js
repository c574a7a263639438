/**
 * Commands about users and groups. Each call resolves when the server has carried it out, and rejects with RequestError
 * or DisconnectedError. No DOM.
 *
 * @import { Channel, FoundGroup, JoinPolicy, LinkPreview, NotificationChoice, Role, SidebarArrangement, User } from "./wire-types.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 */
import { RequestError } from "./protocol.js";

/** Attempts to arrange the list of channels while other devices do so. */
const MAX_ARRANGEMENTS = 5;

export class ChatApi {
  /** Settled once the last arrangement has been made. @type {Promise<void>} */ #arranged = Promise.resolve();

  /** @param {Socket} socket @param {Store} store */
  constructor(socket, store) {
    this.socket = socket;
    this.store = store;
  }

  /** @param {string} q @returns {Promise<User[]>} */
  async searchUsers(q) {
    return (await this.socket.request("person.search", { q })).persons;
  }

  /** @param {string} q @returns {Promise<FoundGroup[]>} */
  async searchGroups(q) {
    return (await this.socket.request("channel.search", { q })).channels;
  }

  /** Return the private channel with a user, created if there is none. @param {string} userId */
  async openPrivateChannel(userId) {
    return this.#store(await this.socket.request("channel.create", { kind: "private", members: [userId] }));
  }

  /** @param {{name: string, members: string[], join: JoinPolicy, listed: boolean}} group  an empty name is left out */
  async createGroup({ name, members, join, listed }) {
    const data = { members, join, listed, ...(name ? { name } : {}) };
    return this.#store(await this.socket.request("channel.create", { kind: "public", ...data }));
  }

  /** @param {string} target */
  async joinGroup(target) {
    return this.#store(await this.socket.request("channel.join", { target }));
  }

  /** @param {string} target */
  async leaveGroup(target) {
    await this.socket.request("channel.leave", { target });
    this.store.removeChannel(target);
  }

  /** @param {string} target @param {string[]} members @returns {Promise<User[]>} those who were not members before */
  async inviteMembers(target, members) {
    return (await this.socket.request("channel.invite", { target, members })).added;
  }

  /** @param {string} target @param {string} member */
  async removeMember(target, member) {
    await this.socket.request("channel.remove", { target, member });
  }

  /** @param {string} target @param {string} member @param {Role} role */
  async setMemberRole(target, member, role) {
    await this.socket.request("channel.role", { target, member, role });
  }

  /** @param {string} userId */
  async sendFriendRequest(userId) {
    await this.socket.request("friend.request", { userId });
  }

  /** @param {string} userId */
  async acceptFriendRequest(userId) {
    await this.socket.request("friend.accept", { userId });
  }

  /** @param {string} userId */
  async declineFriendRequest(userId) {
    await this.socket.request("friend.decline", { userId });
  }

  /** End a friendship, or cancel the user's own request. @param {string} userId */
  async removeFriend(userId) {
    await this.socket.request("friend.remove", { userId });
  }

  /** @param {string} userId */
  async blockUser(userId) {
    await this.socket.request("person.block", { userId });
  }

  /** @param {string} userId */
  async unblockUser(userId) {
    await this.socket.request("person.unblock", { userId });
  }

  /** Make a channel a favourite of the user, or no longer. @param {string} target @param {boolean} starred */
  async starChannel(target, starred) {
    await this.socket.request("channel.star", { target, starred });
    this.store.changeChannel(target, { starred });
  }

  /**
   * Arrange the user's list of channels, after earlier arrangements. Where another device has changed it meanwhile, the change is
   * made again to what that has left.
   * @param {(present: SidebarArrangement) => Partial<Pick<SidebarArrangement, "sort" | "sections">> | null} change  null: none
   * @returns {Promise<void>}
   */
  arrangeSidebar(change) {
    const done = this.#arranged.then(() => this.#arrange(change, MAX_ARRANGEMENTS));
    this.#arranged = done.catch(() => {});
    return done;
  }

  /** @param {Parameters<ChatApi["arrangeSidebar"]>[0]} change @param {number} attempts @returns {Promise<void>} */
  async #arrange(change, attempts) {
    const { revision } = this.store.sidebar;
    const fields = change(this.store.sidebar);
    if (!fields) return;
    try {
      this.store.setSidebar(await this.socket.request("sidebar.change", { revision, ...fields }));
    } catch (error) {
      if (!(error instanceof RequestError) || error.reason !== "sidebar_changed" || attempts <= 1) throw error;
      this.store.setSidebar(await this.socket.request("sidebar.get"));
      await this.#arrange(change, attempts - 1);
    }
  }

  /** Mark a message and all later ones as unread. @param {{target: string, seq: number}} message */
  async markUnread({ target, seq }) {
    const { readSeq } = await this.socket.request("read.unmark", { target, seq });
    this.store.setUnread(target, readSeq);
    this.#store(await this.socket.request("channel.get", { target }));
  }

  /** Report a message to the moderators. @param {{target: string, id: string}} message @param {string} reason */
  async reportMessage({ target, id }, reason) {
    await this.socket.request("message.report", { target, id, reason });
  }

  /** Ask not to be disturbed from now on; 0 ends it. @param {number} seconds */
  async setDoNotDisturb(seconds) {
    await this.socket.request("dnd.set", { seconds });
  }

  /** Get a mail of missed messages at most once in so many hours; 0: none. @param {number} hours */
  async setMailDigest(hours) {
    await this.socket.request("mail.digest", { hours });
  }

  /** Be shown as away, or as the pages report it. @param {boolean} isAway */
  async setAway(isAway) {
    await this.socket.request("presence.set", { presence: isAway ? "away" : "auto" });
  }

  /** Choose what to hear of a channel. @param {string} target @param {Partial<NotificationChoice>} change */
  async setNotifications(target, change) {
    const { notifications } = await this.socket.request("channel.notifications", { target, ...change });
    this.store.changeChannel(target, { notifications });
  }

  /** List the members who have read the user's own message. @param {{target: string, id: string}} message @param {string} [after] */
  async readers({ target, id }, after) {
    return this.socket.request("message.readers", { target, id, ...(after ? { after } : {}) });
  }

  /** Add or remove the user's reaction. @param {{target: string, id: string}} message @param {string} emoji @param {boolean} isAdded */
  async react({ target, id }, emoji, isAdded) {
    const reply = await this.socket.request(isAdded ? "message.react" : "message.unreact", { target, id, emoji });
    const { me } = this.store;
    if (me) this.store.changeReaction({ ...reply, by: me, isAdded });
  }

  /** Remove a file from a message, which still names it. @param {{target: string, id: string, seq: number}} message @param {string} file its id */
  async removeFile({ target, id, seq }, file) {
    await this.socket.request("attachment.remove", { target, id, attachment: file });
    this.store.removeFiles({ target, id, seq, attachments: [file] });
  }

  /** Remove the preview of a link. @param {{target: string, id: string, previews?: LinkPreview[]}} message @param {string} previewId */
  async removePreview({ target, id, previews = [] }, previewId) {
    await this.socket.request("message.remove_preview", { target, id, previewId });
    this.store.setPreviews({ target, id, previews: previews.filter((preview) => preview.id !== previewId) });
  }

  /** @param {Channel} channel */
  #store(channel) {
    this.store.putChannel(channel);
    return channel;
  }
}
