/**
 * Dialogs for finding users and reporting messages.
 *
 * @import { Message, User } from "../net/wire-types.js"
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Store } from "../net/state/store.js"
 */
import { byId, find, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { openDialog } from "./dialog.js";
import { messageSummary } from "./message.js";
import { showErrorToast, showToast } from "./toast.js";
import { UserPicker } from "./user-picker.js";

export class UserDialogs {
  /** @param {{store: Store, api: ChatApi, open: (target: string) => void}} deps */
  constructor({ store, api, open }) {
    this.store = store;
    this.api = api;
    this.open = open;
  }

  /** Open the private channel with a user, without a dialog. @param {User} user */
  async messageUser({ userId }) {
    try {
      this.open((await this.api.openPrivateChannel(userId)).target);
    } catch (error) {
      showErrorToast(error);
    }
  }

  /** Search users, to open a private channel or to send a friend request. */
  findUsers() {
    const { store, api } = this;
    const { dialog, showError } = openDialog("dialog-new-chat");
    const pick = async (/** @type {User} */ { userId }) => {
      try {
        const { target } = await api.openPrivateChannel(userId);
        dialog.close();
        this.open(target);
      } catch (error) {
        showError(error);
      }
    };
    const isPossible = (/** @type {User} */ { id, kind }) => kind === "person" && store.contacts.relation(id) === "none";
    const send = async (/** @type {User} */ user) => {
      try {
        await api.sendFriendRequest(user.userId);
        showToast(t("friend.requestSent", user));
      } catch (error) {
        showError(error);
      }
    };
    new UserPicker(dialog, { store, api, pick, friendRequest: { isPossible, send } });
  }

  /** @param {Message} message */
  reportMessage(message) {
    const form = find(byId("dialog-report"), "form", HTMLFormElement);
    const reason = find(form, "[name=reason]", HTMLInputElement);
    form.reset();
    const { dialog } = openDialog("dialog-report", async () => {
      await this.api.reportMessage(message, reason.value);
      showToast(t("report.done"));
    });
    setText(part(dialog, "title"), t("report.title", message));
    setText(part(dialog, "quote"), messageSummary(message));
    reason.focus();
  }
}
