/**
 * The quick switcher: a dialog that finds channels and users by name, and leads to the search of messages. Used by
 * keyboard, as a combobox with a list.
 *
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { User } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 * @import { SwitcherEntry } from "../state/switcher.js"
 * @import { UserDialogs } from "./user-dialogs.js"
 */
import { byId, cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { formatUnreadCount } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { throttleRender } from "../lib/throttle.js";
import { channelEntries, matchingUsers, userEntries } from "../state/switcher.js";
import { showAvatar, showChannelAvatar, showPresence } from "./avatar.js";
import { openDialog } from "./dialog.js";

const SEARCH_DELAY_MS = 200;

export class QuickSwitcher {
  #dialog = byId("dialog-switcher", HTMLDialogElement);
  #field = byId("switcher-field", HTMLInputElement);
  #list = byId("switcher-list");
  /** @type {SwitcherEntry[]} */ #entries = [];
  #activeIndex = 0;
  #timer = 0;
  /** The users that the server has found for a query. @type {{query: string, users: User[]}} */ #found = { query: "", users: [] };

  /**
   * @param {{store: Store, api: ChatApi, userDialogs: UserDialogs, open: (target: string) => void,
   *   searchMessages: (q: string) => void}} deps
   */
  constructor({ store, api, userDialogs, open, searchMessages }) {
    this.store = store;
    this.api = api;
    this.userDialogs = userDialogs;
    this.open = open;
    this.searchMessages = searchMessages;
    this.#field.addEventListener("input", () => this.#onInput());
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    // The field must keep the focus.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    const render = throttleRender(() => this.#dialog.open && this.#render());
    for (const type of /** @type {const} */ (["channels", "presence"])) store.on(type, render);
  }

  show() {
    openDialog("dialog-switcher", async () => this.#submit());
    this.#field.value = "";
    this.#field.focus();
    this.#list.scrollTop = 0;
    this.#onInput();
  }

  get #query() {
    return this.#field.value.trim();
  }

  /** Known users are found at once, others after a request. */
  #onInput() {
    clearTimeout(this.#timer);
    this.#activeIndex = 0;
    this.#render();
    const query = this.#query;
    if (query && this.store.me?.kind === "person") this.#timer = setTimeout(() => this.#searchUsers(query), SEARCH_DELAY_MS);
  }

  /** @param {string} query */
  async #searchUsers(query) {
    // Without a connection, the known ones are all that can be offered.
    const users = await this.api.searchUsers(query).catch(() => []);
    if (query !== this.#query) return;
    this.#found = { query, users };
    this.#render();
  }

  /** @returns {SwitcherEntry[]} */
  #find() {
    const { store } = this;
    const query = this.#query;
    const channels = [...store.channels.values()];
    const recentTargets = [...store.logs.keys()].reverse();
    const entries = channelEntries({ channels, recentTargets, currentTarget: store.currentTarget, query });
    if (!query) return entries;
    if (store.me?.kind === "person") {
      const known = matchingUsers([...store.contacts.friends.values(), ...store.online.values()], query);
      const users = [...known, ...(this.#found.query === query ? this.#found.users : [])];
      entries.push(...userEntries({ users, channels, myId: store.me.id, query }));
      entries.push({ key: "search", kind: "search", name: t("search.inMessages", { q: query }), about: "" });
    }
    return entries;
  }

  #render() {
    const activeKey = this.#entries[this.#activeIndex]?.key;
    this.#entries = this.#find();
    // Users found by the server come in between; the active entry stays the active one, unless it was the first.
    if (this.#activeIndex > 0) this.#activeIndex = Math.max(0, this.#entries.findIndex(({ key }) => key === activeKey));
    reconcile(this.#list, this.#entries, {
      key: ({ key }) => key,
      create: () => cloneTemplate("template-switcher-option"),
      update: (option, entry) => this.#renderOption(option, entry),
    });
    const active = this.#entries[this.#activeIndex];
    if (active) this.#field.setAttribute("aria-activedescendant", `switcher-${active.key}`);
    else this.#field.removeAttribute("aria-activedescendant");
    part(this.#dialog, "empty").hidden = this.#entries.length > 0;
  }

  /** @param {HTMLElement} option @param {SwitcherEntry} entry */
  #renderOption(option, entry) {
    const { key, kind, name, about, channel, user } = entry;
    option.id = `switcher-${key}`;
    option.dataset.kind = kind;
    option.dataset.target = channel?.target ?? "";
    option.setAttribute("aria-selected", String(entry === this.#entries[this.#activeIndex]));
    option.classList.toggle("unread", Boolean(channel?.unread));
    const avatar = part(option, "avatar");
    avatar.hidden = kind === "search";
    part(option, "icon", SVGElement).toggleAttribute("hidden", kind !== "search");
    const peer = channel?.peer ?? user;
    if (channel) showChannelAvatar(avatar, channel);
    else if (user) showAvatar(avatar, user);
    showPresence(avatar, peer ? this.store.presence(peer.id) : "offline");
    setText(part(option, "name"), name);
    setText(part(option, "about"), about);
    const badge = part(option, "badge");
    badge.hidden = !channel?.unread;
    setText(badge, formatUnreadCount(channel?.unread ?? 0));
    badge.setAttribute("aria-label", t("sidebar.unread", { n: channel?.unread ?? 0 }));
    option.onclick = () => this.#choose(entry);
  }

  /** Open the active entry. Without one, the dialog stays open. */
  #submit() {
    const active = this.#entries[this.#activeIndex];
    if (!active) return t("switcher.none");
    this.#choose(active);
    return "";
  }

  /** @param {SwitcherEntry} entry */
  #choose({ channel, user }) {
    // First, because the dialog gives the focus back to where it was.
    this.#dialog.close();
    if (channel) this.open(channel.target);
    else if (user) this.userDialogs.messageUser(user);
    else this.searchMessages(this.#query);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isInputMethodKey(event)) return;
    const count = this.#entries.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isCommandK = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (isCommandK) {
      event.preventDefault();
      this.#dialog.close();
    } else if (step && count) {
      event.preventDefault();
      this.#activeIndex = (this.#activeIndex + step + count) % count;
      this.#render();
      this.#list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    }
  }
}
