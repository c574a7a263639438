/**
 * The sidebar's list of contacts: incoming friend requests, friends, outgoing requests, and blocked users.
 *
 * @import { User } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 * @import { ListState } from "./list-placeholder.js"
 * @import { UserDialogs } from "./user-dialogs.js"
 * @import { UserMenu } from "./user-menu.js"
 * @typedef {"incoming" | "friends" | "outgoing" | "blocked"} ContactSection
 * @typedef {{key: string, section: ContactSection, user: User | null, count: number}} ContactRow
 *   without a user: a heading, with the number of its users
 */
import { byId, cloneTemplate, part, reconcile, setText, targetOf } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { showAvatar, showPresence } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { openMenu } from "./menu.js";

/** @type {ContactSection[]} */
const SECTIONS = ["incoming", "friends", "outgoing", "blocked"];
const OPEN_BUTTONS = "[data-part=open]:not(:disabled)";

export class ContactList {
  list = byId("contact-list");

  /**
   * @param {{store: Store, userMenu: UserMenu, userDialogs: UserDialogs, filter: HTMLInputElement,
   *   retry: () => void}} deps
   */
  constructor({ store, userMenu, userDialogs, filter, retry }) {
    this.store = store;
    this.userMenu = userMenu;
    this.userDialogs = userDialogs;
    this.filter = filter;
    this.retry = retry;
    const render = throttleRender(() => this.render());
    for (const type of /** @type {const} */ (["contacts", "presence", "current", "connection"])) store.on(type, render);
    language.on("change", render);
    filter.addEventListener("input", render);
    byId("find-people").addEventListener("click", () => userDialogs.findUsers());
    this.list.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** The button of the first contact. @returns {HTMLElement | null} */
  get firstButton() {
    return this.list.querySelector(OPEN_BUTTONS);
  }

  render() {
    const rows = SECTIONS.flatMap((section) => this.#rowsOf(section));
    reconcile(this.list, rows, {
      key: ({ key }) => key,
      create: ({ user }) => cloneTemplate(user ? "template-contact" : "template-contact-heading"),
      update: (element, { section, user, count }) => {
        if (user) this.#renderContact(element, section, user);
        else setText(element, t(`contacts.${section}`, { n: count }));
      },
    });
    showListPlaceholder(byId("contact-list-placeholder"), rows.length ? null : this.#stateIfEmpty());
  }

  /** @returns {ListState} */
  #stateIfEmpty() {
    const { contacts, connection } = this.store;
    if (contacts.isLoaded) return { empty: t(this.filter.value.trim() ? "contacts.noMatch" : "contacts.empty") };
    const isFailed = contacts.isFailed || connection.reason !== "";
    return isFailed ? { error: t("contacts.failed"), retry: this.retry } : { isLoading: true };
  }

  /** Return a section's heading and its users that match the filter, or nothing if none do. @param {ContactSection} section @returns {ContactRow[]} */
  #rowsOf(section) {
    const filter = this.filter.value.trim().toLocaleLowerCase();
    const isMatch = (/** @type {User} */ { name, userId }) =>
      [name, userId].some((text) => text.toLocaleLowerCase().includes(filter));
    /** @type {Map<string, User>} */
    const contacts = this.store.contacts[section];
    const users = [...contacts.values()].filter(isMatch);
    if (users.length === 0) return [];
    // Online friends first; otherwise in the server's order.
    const rank = (/** @type {User} */ { id }) => (section === "friends" && this.store.isOnline(id) ? 0 : 1);
    users.sort((a, b) => rank(a) - rank(b));
    return [
      { key: section, section, user: null, count: users.length },
      ...users.map((user) => ({ key: `${section}:${user.id}`, section, user, count: 0 })),
    ];
  }

  /** @param {HTMLElement} element @param {ContactSection} section @param {User} user */
  #renderContact(element, section, user) {
    const presence = section === "friends" ? this.store.presence(user.id) : "offline";
    const isBlocked = section === "blocked";
    element.dataset.userId = user.userId;
    element.dataset.section = section;
    element.dataset.online = String(presence !== "offline");
    const avatar = part(element, "avatar");
    showAvatar(avatar, user);
    showPresence(avatar, presence);
    setText(part(element, "name"), user.name);
    setText(part(element, "about"), aboutText(section, user, presence));
    const open = part(element, "open", HTMLButtonElement);
    open.disabled = isBlocked;
    open.title = isBlocked ? user.name : t("user.message", user);
    open.onclick = () => this.userDialogs.messageUser(user);
    for (const action of /** @type {const} */ (["accept", "decline"])) {
      const button = part(element, action);
      button.hidden = section !== "incoming";
      button.setAttribute("aria-label", t(`friend.${action}From`, user));
      button.title = t(`friend.${action}`);
      button.onclick = () => this.userMenu[action](user);
    }
    const menu = part(element, "menu");
    menu.hidden = section === "incoming";
    menu.setAttribute("aria-label", t("user.menu", user));
    menu.onclick = () => openMenu(menu, this.userMenu.items(user, { withMessage: !isBlocked }));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    /** @type {NodeListOf<HTMLElement>} */
    const buttons = this.list.querySelectorAll(OPEN_BUTTONS);
    const focused = targetOf(event).closest("li")?.querySelector("[data-part=open]");
    const next = [...buttons].findIndex((button) => button === focused) + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) this.filter.focus();
    else buttons[next]?.focus();
  }
}

/** @param {ContactSection} section @param {User} user @param {"online" | "away" | "offline"} presence */
function aboutText(section, { status, userId, name }, presence) {
  if (section === "incoming") return t("contacts.incomingStatus");
  if (section === "outgoing") return t("contacts.outgoingStatus");
  if (section === "blocked") return userId === name ? "" : userId;
  return status || t(`presence.${presence}`);
}
