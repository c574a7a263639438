/**
 * The menus of the sidebar's channels and of the user's own sections: favourites, mute, and the arrangement of the list.
 *
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Channel, SidebarSection } from "../net/wire-types.js"
 * @import { MenuItem } from "./menu.js"
 */
import { byId, find, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { notificationsOf, shownUnread } from "../state/channel-notifications.js";
import { sectionOf, withChannelIn, withChannelMoved, withSection, withSectionMoved, withSectionRenamed, withoutSection } from "../state/own-sections.js";
import { confirmAction, openDialog } from "./dialog.js";
import { openMenu } from "./menu.js";
import { showErrorToast } from "./toast.js";

/** More sections have a menu of their own. */
const MAX_IN_MENU = 5;

export class SectionMenus {
  /**
   * @param {{store: Store, api: ChatApi, markRead: (target: string, seq: number) => void, nameLimit: number}} deps
   *   `nameLimit`: characters of a section's name
   */
  constructor({ store, api, markRead, nameLimit }) {
    this.store = store;
    this.api = api;
    this.markRead = markRead;
    find(byId("dialog-section"), "[name=name]", HTMLInputElement).maxLength = nameLimit;
  }

  /** True unless the user is a guest, who has one channel. */
  get isOffered() {
    return this.store.me?.kind === "person";
  }

  /** Open the menu of a channel. @param {HTMLElement} button @param {Channel} channel @param {HTMLElement} returnTo  gets the focus afterwards */
  openForChannel(button, channel, returnTo) {
    if (!this.isOffered) return;
    const choose = () => openMenu(button, this.sectionItems(channel), { returnTo });
    openMenu(button, this.#channelItems(channel, choose), { returnTo });
  }

  /** Open the menu of a section of the user's own. @param {HTMLElement} button @param {string} name */
  openForSection(button, name) {
    const { sections } = this.store.sidebar;
    const index = sections.findIndex((section) => section.name === name);
    if (index < 0) return;
    const move = (/** @type {1 | -1} */ step) => this.#arrange((now) => withSectionMoved(now, name, step));
    /** @type {MenuItem[]} */
    const items = [{ text: t("section.rename"), icon: "edit", testid: "section-rename", run: () => this.#rename(name) }];
    if (index > 0) items.push({ text: t("section.up"), icon: "arrow-up", testid: "section-up", run: () => move(-1) });
    if (index < sections.length - 1) items.push({ text: t("section.down"), icon: "arrow-down", testid: "section-down", run: () => move(1) });
    items.push({ text: t("section.delete"), icon: "recall", isDestructive: true, testid: "section-delete", run: () => this.#confirmDeletion(name) });
    openMenu(button, items);
  }

  /** Let the user choose the section of a channel. @param {Channel} channel @returns {MenuItem[]} */
  sectionItems(channel) {
    const { sections } = this.store.sidebar;
    const current = channel.starred ? undefined : sectionOf(sections, channel.target);
    /** @type {MenuItem[]} */
    const items = sections.map(({ name }) => ({
      text: name === current?.name ? name : t("section.put", { name }),
      icon: "folder",
      isChecked: name === current?.name,
      testid: "section-choice",
      run: () => name === current?.name || this.#put(channel, name),
    }));
    if (current) items.push({ text: t("section.takeOut"), icon: "close", testid: "section-none", run: () => this.#put(channel, null) });
    items.push({ text: t("section.new"), icon: "plus", testid: "section-new", run: () => this.create(channel) });
    return items;
  }

  /** Move a channel up (-1) or down (1) in its section; nothing happens to one in none. @param {Channel} channel @param {1 | -1} step */
  moveChannel({ target, starred }, step) {
    if (starred || !sectionOf(this.store.sidebar.sections, target)) return;
    this.#arrange((sections) => withChannelMoved(sections, target, step, (other) => this.#isInSection(other)));
  }

  /** Ask for the name of a new section. @param {Channel} [channel] to put into it */
  create(channel) {
    this.#askName({ title: t("section.newTitle"), confirm: t("section.create"), name: "" }, async (name) => {
      await this.api.arrangeSidebar(({ sections }) => {
        const added = withSection(sections, name);
        return { sections: channel ? withChannelIn(added, channel.target, name) : added };
      });
      if (channel?.starred) await this.api.starChannel(channel.target, false);
    });
  }

  /** @param {Channel} channel @param {() => void} choose  lets the user choose its section @returns {MenuItem[]} */
  #channelItems(channel, choose) {
    const { target, starred = false } = channel;
    const { muted } = notificationsOf(channel);
    const run = (/** @type {Promise<void>} */ request) => void request.catch(showErrorToast);
    /** @type {MenuItem[]} */
    const items = [
      { text: t(starred ? "star.remove" : "star.add"), icon: "star", testid: "item-star", run: () => run(this.api.starChannel(target, !starred)) },
      { text: t(muted ? "notify.unmute" : "notify.mute"), icon: muted ? "bell" : "bell-off", testid: "item-mute", run: () => run(this.api.setNotifications(target, { muted: !muted })) },
    ];
    if (shownUnread(channel) + channel.mentions > 0) items.push({ text: t("channel.markRead"), icon: "check", testid: "item-read", run: () => this.markRead(target, channel.lastSeq) });
    items.push(...this.#moveItems(channel));
    if (this.store.sidebar.sections.length > MAX_IN_MENU) items.push({ text: t("section.choose"), icon: "folder", testid: "item-section", run: choose });
    else items.push(...this.sectionItems(channel).filter(({ isChecked }) => !isChecked));
    return items;
  }

  /** @param {Channel} channel @returns {MenuItem[]} */
  #moveItems(channel) {
    const { sections } = this.store.sidebar;
    const shown = channel.starred ? [] : (sectionOf(sections, channel.target)?.channels ?? []).filter((other) => this.#isInSection(other));
    const index = shown.indexOf(channel.target);
    /** @type {MenuItem[]} */
    const items = [];
    if (index > 0) items.push({ text: t("section.up"), icon: "arrow-up", testid: "item-up", run: () => this.moveChannel(channel, -1) });
    if (index >= 0 && index < shown.length - 1) items.push({ text: t("section.down"), icon: "arrow-down", testid: "item-down", run: () => this.moveChannel(channel, 1) });
    return items;
  }

  /** Tell whether a channel is shown in its section: a favourite is shown above. @param {string} target */
  #isInSection(target) {
    const channel = this.store.channels.get(target);
    return channel !== undefined && !channel.starred;
  }

  /** @param {Channel} channel @param {string | null} name */
  async #put({ target, starred }, name) {
    try {
      await this.api.arrangeSidebar(({ sections }) => ({ sections: withChannelIn(sections, target, name) }));
      // It would still be shown among the favourites.
      if (starred) await this.api.starChannel(target, false);
    } catch (error) {
      showErrorToast(error);
    }
  }

  /** @param {(sections: SidebarSection[]) => SidebarSection[]} change */
  #arrange(change) {
    this.api.arrangeSidebar(({ sections }) => ({ sections: change(sections) })).catch(showErrorToast);
  }

  /** @param {string} name */
  #rename(name) {
    this.#askName({ title: t("section.renameTitle"), confirm: t("section.renameConfirm"), name }, (newName) =>
      this.api.arrangeSidebar(({ sections }) => ({ sections: withSectionRenamed(sections, name, newName) })),
    );
  }

  /** @param {string} name */
  #confirmDeletion(name) {
    const texts = { title: t("section.deleteTitle", { name }), text: t("section.deleteText"), confirm: t("section.delete") };
    confirmAction(texts, () => this.api.arrangeSidebar(({ sections }) => ({ sections: withoutSection(sections, name) })));
  }

  /** @param {{title: string, confirm: string, name: string}} texts @param {(name: string) => Promise<void>} save */
  #askName({ title, confirm, name }, save) {
    const field = find(byId("dialog-section"), "[name=name]", HTMLInputElement);
    const { dialog } = openDialog("dialog-section", () => save(field.value.trim()));
    setText(part(dialog, "title"), title);
    setText(part(dialog, "confirm"), confirm);
    field.value = name;
    field.select();
  }
}
