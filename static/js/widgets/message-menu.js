/**
 * The menu of a message: forward, copy its address, save, mark as unread from there, pin, remove files, report, and the
 * actions for its sender.
 *
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Channel, Message, User } from "../net/wire-types.js"
 * @import { Pins } from "../state/pins.js"
 * @import { Store } from "../net/state/store.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 * @import { MenuItem } from "./menu.js"
 * @import { UserDialogs } from "./user-dialogs.js"
 * @import { UserMenu } from "./user-menu.js"
 */
import { isolate } from "../lib/bidi.js";
import { copyText } from "../lib/clipboard.js";
import { t } from "../lib/i18n.js";
import { messageAddress } from "../lib/permalinks.js";
import { savedMarks } from "../state/saved-marks.js";
import { isManager } from "../state/send-permission.js";
import { confirmAction } from "./dialog.js";
import { showReaders } from "./readers-dialog.js";
import { showErrorToast, showToast } from "./toast.js";

export class MessageMenu {
  /**
   * @param {{store: Store, pins: Pins, userDialogs: UserDialogs, userMenu: UserMenu,
   *   api: ChatApi, forward: (message: Message) => void, setSaved: (message: Message, isSaved: boolean) => void}} deps
   */
  constructor({ store, pins, userDialogs, userMenu, api, forward, setSaved }) {
    this.forward = forward;
    this.setSaved = setSaved;
    this.store = store;
    this.api = api;
    this.pins = pins;
    this.userDialogs = userDialogs;
    this.userMenu = userMenu;
  }

  /** @param {MessageRow} row @returns {MenuItem[]} */
  items({ message, isOwn, state }) {
    const { channel, me } = this.store;
    if (!channel || !me || state !== "sent" || message.recalled) return [];
    /** @type {MenuItem[]} */
    const items = [{ text: t("link.copy"), icon: "link", testid: "copy-link", run: () => copyLink(message, channel) }];
    if (me.kind === "guest") return items;
    items.unshift({ text: t("forward.forward"), icon: "forward", testid: "forward", run: () => this.forward(message) });
    items.push(this.#saveItem(message));
    if (!message.threadOnly) items.push(this.#unreadItem(message));
    const isPrivate = channel.kind === "private";
    if ((isPrivate || isManager(channel.role)) && !channel.closed) items.push(this.#pinItem(message));
    if (isOwn || isManager(channel.role)) items.push(...this.#removeItems(message));
    if (isOwn && channel.kind === "public") {
      items.push({ text: t("readers.item"), icon: "double-check", testid: "readers", run: () => showReaders(this.api, message) });
    }
    if (isOwn) return items;
    const report = () => this.userDialogs.reportMessage(message);
    items.push({ text: t("report.report"), icon: "flag", testid: "report", run: report });
    const sender = this.#senderOf(message);
    return sender ? [...items, ...this.userMenu.items(sender, { withMessage: !isPrivate })] : items;
  }

  /** Save the message, or remove it from the saved ones. @param {MessageRow} row */
  toggleSaved(row) {
    if (this.store.me?.kind !== "guest" && this.items(row).length > 0) this.#saveItem(row.message).run();
  }

  /** @param {Message} message @returns {MenuItem} */
  #saveItem(message) {
    const isSaved = savedMarks.has(message.id);
    const run = () => this.setSaved(message, !isSaved);
    if (isSaved) return { text: t("saved.remove"), icon: "bookmark-filled", testid: "unsave", run };
    return { text: t("saved.save"), icon: "bookmark", testid: "save", run };
  }

  /** @param {Message} message @returns {MenuItem} */
  #unreadItem(message) {
    const run = () => this.api.markUnread(message).catch(showErrorToast);
    return { text: t("unread.markUnread"), icon: "inbox", testid: "mark-unread", run };
  }

  /** @param {Message} message @returns {MenuItem} */
  #pinItem(message) {
    if (this.pins.has(message.id)) {
      const unpin = () => this.pins.unpin(message).catch(showErrorToast);
      return { text: t("pin.unpin"), icon: "pin-off", testid: "unpin", run: unpin };
    }
    const pin = () => this.pins.pin(message).catch(showErrorToast);
    return { text: t("pin.pin"), icon: "pin", testid: "pin", run: pin };
  }

  /** @param {Message} message @returns {MenuItem[]} one for each of its files */
  #removeItems(message) {
    return (message.attachments ?? []).filter(({ removed }) => !removed).map(({ id, name }) => ({
      text: t("attachment.removeFile", { name: isolate(name) }),
      icon: "recall",
      testid: "remove-file",
      run: () => {
        const texts = { title: t("attachment.removeTitle"), text: t("attachment.removeText", { name: isolate(name) }), confirm: t("attachment.removeConfirm") };
        confirmAction(texts, () => this.api.removeFile(message, id));
      },
    }));
  }

  /** Return the sender, unless a service sent the message in another name. @param {Message} message @returns {User | undefined} */
  #senderOf({ fromId, from }) {
    const user = this.store.user(fromId);
    return user?.userId === from ? user : undefined;
  }
}

/** @param {Message} message @param {Channel} channel */
async function copyLink(message, { appId }) {
  if (await copyText(messageAddress(message, appId, location))) showToast(t("link.copied"));
}
