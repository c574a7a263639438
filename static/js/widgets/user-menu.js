/**
 * The actions for another user: message, friend request, block. The same wherever a user is shown.
 *
 * @import { User } from "../net/wire-types.js"
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Store } from "../net/state/store.js"
 * @import { MenuItem } from "./menu.js"
 * @import { UserDialogs } from "./user-dialogs.js"
 */
import { t } from "../lib/i18n.js";
import { confirmAction } from "./dialog.js";
import { showErrorToast, showToast } from "./toast.js";

export class UserMenu {
  /** @param {{store: Store, api: ChatApi, userDialogs: UserDialogs}} deps */
  constructor({ store, api, userDialogs }) {
    this.store = store;
    this.api = api;
    this.userDialogs = userDialogs;
  }

  /**
   * @param {User} user
   * @param {{withMessage?: boolean}} [options]  `withMessage` is false where the private channel is open already
   * @returns {MenuItem[]}
   */
  items(user, { withMessage = true } = {}) {
    const { me } = this.store;
    if (!me || me.kind === "guest" || user.id === me.id || user.kind === "guest") return [];
    /** @type {MenuItem[]} */
    const items = [];
    if (withMessage) {
      const message = () => this.userDialogs.messageUser(user);
      items.push({ text: t("user.message", user), icon: "chat", testid: "talk-to", run: message });
    }
    if (user.kind === "person") items.push(...this.#friendItems(user), this.#blockItem(user));
    return items;
  }

  /** @param {User} user */
  accept({ userId }) {
    return run(() => this.api.acceptFriendRequest(userId));
  }

  /** @param {User} user */
  decline({ userId }) {
    return run(() => this.api.declineFriendRequest(userId));
  }

  /** @param {User} user */
  unblock({ userId }) {
    return run(() => this.api.unblockUser(userId));
  }

  /** @param {User} user @returns {MenuItem[]} */
  #friendItems(user) {
    const { contacts } = this.store;
    if (contacts.blocked.has(user.id)) return [];
    const cancelRequest = () => run(() => this.api.removeFriend(user.userId));
    switch (contacts.relation(user.id)) {
      case "friend":
        return [{ text: t("friend.remove"), icon: "user-remove", testid: "friend-remove", run: () => this.#confirmRemoval(user) }];
      case "incoming":
        return [
          { text: t("friend.accept"), icon: "check", testid: "friend-accept", run: () => this.accept(user) },
          { text: t("friend.decline"), icon: "close", testid: "friend-decline", run: () => this.decline(user) },
        ];
      case "outgoing":
        return [{ text: t("friend.cancel"), icon: "recall", testid: "friend-withdraw", run: cancelRequest }];
      default:
        return [{ text: t("friend.request"), icon: "user-add", testid: "friend-request", run: () => this.#sendRequest(user) }];
    }
  }

  /** @param {User} user @returns {MenuItem} */
  #blockItem(user) {
    if (this.store.contacts.blocked.has(user.id)) {
      return { text: t("block.unblock"), icon: "user", testid: "unblock", run: () => this.unblock(user) };
    }
    const texts = { title: t("block.title", user), text: t("block.text"), confirm: t("block.confirm", user) };
    const block = () => confirmAction(texts, () => this.api.blockUser(user.userId));
    return { text: t("block.block"), icon: "block", isDestructive: true, testid: "block", run: block };
  }

  /** @param {User} user */
  async #sendRequest(user) {
    if (await run(() => this.api.sendFriendRequest(user.userId))) showToast(t("friend.requestSent", user));
  }

  /** @param {User} user */
  #confirmRemoval(user) {
    const texts = { title: t("friend.removeTitle", user), text: t("friend.removeText"), confirm: t("friend.removeConfirm") };
    confirmAction(texts, () => this.api.removeFriend(user.userId));
  }
}

/** Run a command, and show its error if it fails. @param {() => Promise<void>} command @returns {Promise<boolean>} whether it has succeeded */
async function run(command) {
  try {
    await command();
    return true;
  } catch (error) {
    showErrorToast(error);
    return false;
  }
}
