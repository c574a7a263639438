/** The sidebar's list of people: who asks to be friends, the friends, who was asked, and whom one has blocked. */
/**
 * @import { Person } from "../net/protocol.js"
 * @import { Store } from "../state/store.js"
 * @import { PersonMenu } from "./user-menu.js"
 * @typedef {"asking" | "friends" | "asked" | "blocked"} Place
 * @typedef {{key: string, place: Place, person: Person | null, count: number}} Row  without a person: a heading
 */
import { byId, clone, part, reconcile, setText, soon } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { showAvatar } from "./avatar.js";
import { showListState } from "./list-placeholder.js";
import { openMenu } from "./menu.js";

const PLACES = /** @type {Place[]} */ (["asking", "friends", "asked", "blocked"]);

export class PeopleList {
  list = byId("circle-list");

  /** @param {{store: Store, menu: PersonMenu, filter: HTMLInputElement, find: () => void, retry: () => void}} parts */
  constructor({ store, menu, filter, find, retry }) {
    this.retry = retry;
    this.store = store;
    this.menu = menu;
    this.filter = filter;
    this.render = this.render.bind(this);
    const render = soon(this.render);
    for (const type of ["circle", "presence", "current", "connection"]) store.addEventListener(type, render);
    language.addEventListener("change", render);
    filter.addEventListener("input", render);
    byId("find-people").addEventListener("click", find);
    this.list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
  }

  render() {
    const rows = PLACES.flatMap((place) => this.#rows(place));
    reconcile(this.list, rows, {
      key: ({ key }) => key,
      create: ({ person }) => clone(person ? "part-circle-person" : "part-circle-heading"),
      update: (element, row) => (row.person ? this.#showPerson(element, row.place, row.person) : this.#showHeading(element, row)),
    });
    showListState(byId("circle-state"), rows.length ? null : this.#state());
  }

  /** @returns {import("./list-placeholder.js").ListState} of a list without anybody */
  #state() {
    const { circle, connection } = this.store;
    if (circle.loaded) return { empty: t(this.filter.value.trim() ? "people.none" : "people.empty") };
    const failed = circle.failed || connection.status === "waiting";
    return failed ? { failed: t("people.failed"), retry: this.retry } : { loading: true };
  }

  /** A heading and its people, the filter applied; nothing if there is nobody. @param {Place} place @returns {Row[]} */
  #rows(place) {
    const wanted = this.filter.value.trim().toLocaleLowerCase();
    const isWanted = (/** @type {Person} */ { name, userId }) => [name, userId].some((text) => text.toLocaleLowerCase().includes(wanted));
    /** @type {Map<string, Person>} */
    const list = this.store.circle[place];
    const people = [...list.values()].filter(isWanted);
    if (people.length === 0) return [];
    // Who is online stands first; within that, the server's order.
    const rank = (/** @type {Person} */ { id }) => (place === "friends" && this.store.isOnline(id) ? 0 : 1);
    people.sort((a, b) => rank(a) - rank(b));
    /** @type {Row[]} */
    const rows = people.map((person) => ({ key: `${place}:${person.id}`, place, person, count: 0 }));
    return [{ key: place, place, person: null, count: people.length }, ...rows];
  }

  /** @param {HTMLElement} element @param {Row} row */
  #showHeading(element, { place, count }) {
    setText(element, t(`people.${place}`, { n: count }));
  }

  /** @param {HTMLElement} element @param {Place} place @param {Person} person */
  #showPerson(element, place, person) {
    const online = place === "friends" && this.store.isOnline(person.id);
    element.dataset.userId = person.userId;
    element.dataset.place = place;
    element.dataset.online = String(online);
    const avatar = part(element, "avatar");
    showAvatar(avatar, person);
    avatar.classList.toggle("online", online);
    setText(part(element, "name"), person.name);
    const about = part(element, "about");
    setText(about, this.#about(place, person, online));
    const open = part(element, "open");
    open.disabled = place === "blocked";
    open.title = place === "blocked" ? person.name : t("person.talk", person);
    open.onclick = () => this.menu.dialogs.talkTo(person);
    for (const name of /** @type {("accept" | "decline")[]} */ (["accept", "decline"])) {
      const button = part(element, name);
      button.hidden = place !== "asking";
      button.setAttribute("aria-label", t(`friend.${name}Of`, person));
      button.title = t(`friend.${name}`);
      button.onclick = () => this.menu[name](person);
    }
    const menu = part(element, "menu");
    menu.hidden = place === "asking";
    menu.setAttribute("aria-label", t("person.menu", person));
    menu.onclick = () => openMenu(menu, this.menu.items(person, { talk: place !== "blocked" }));
  }

  /** @param {Place} place @param {Person} person @param {boolean} online */
  #about(place, { status, userId, name }, online) {
    if (place === "asking") return t("people.asks");
    if (place === "asked") return t("people.waits");
    if (place === "blocked") return userId === name ? "" : userId;
    return status || t(online ? "presence.online" : "presence.offline");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const stops = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("[data-part=open]:not(:disabled)")]);
    const here = /** @type {Element} */ (document.activeElement).closest("li")?.querySelector("[data-part=open]");
    const to = stops.indexOf(/** @type {HTMLElement} */ (here)) + (event.key === "ArrowDown" ? 1 : -1);
    if (to < 0) this.filter.focus();
    else stops[to]?.focus();
  }
}
