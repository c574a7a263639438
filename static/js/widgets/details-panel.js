/** The panel beside the timeline: what the channel is, what can be done with it, and its people. */
/**
 * @import { Channel, Member, Person, Role } from "../net/protocol.js"
 * @import { Session } from "../net/session.js"
 * @import { Store } from "../state/store.js"
 * @import { Item } from "./menu.js"
 * @import { PeopleDialogs } from "./people-dialogs.js"
 * @import { PersonMenu } from "./user-menu.js"
 */
import { byId, clone, part, reconcile, setText, soon } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { showAvatar, showChannelAvatar } from "./avatar.js";
import { showListState } from "./list-placeholder.js";
import { openMenu } from "./menu.js";
import { errorText } from "./toast.js";

export class Details {
  #panel = byId("details");
  /** The members could not be loaded. @type {{target: string, why: string} | null} */ #failed = null;

  /** @param {{store: Store, session: Session, dialogs: PeopleDialogs, personMenu: PersonMenu}} parts */
  constructor({ store, session, dialogs, personMenu }) {
    this.store = store;
    this.personMenu = personMenu;
    this.session = session;
    this.dialogs = dialogs;
    const render = soon(() => this.render());
    for (const type of ["channels", "presence", "members", "circle"]) store.addEventListener(type, render);
    store.addEventListener("current", () => {
      this.#loadMembers();
      render();
    });
    session.addEventListener("resumed", () => this.#loadMembers());
    language.addEventListener("change", render);
    part(this.#panel, "people-more").addEventListener("click", () => this.#loadMembers(true));
  }

  /** The panel has become visible. */
  shown() {
    this.#loadMembers();
    this.render();
  }

  async #loadMembers(more = false) {
    const { channel } = this.store;
    if (this.#panel.hidden || channel?.kind !== "public" || (!more && this.store.members.has(channel.target))) return;
    this.#failed = null;
    try {
      await this.session.loadMembers(channel.target, more);
    } catch (error) {
      this.#failed = { target: channel.target, why: errorText(error) };
    }
    this.render();
  }

  render() {
    const { channel } = this.store;
    if (this.#panel.hidden || !channel) return;
    const title = { global: "details.room", public: "details.group", private: "details.private" }[channel.kind];
    setText(part(this.#panel, "title"), t(title));
    this.#showAbout(channel);
    this.#showActions(channel);
    this.#showPeople(channel);
  }

  /** @param {Channel} channel */
  #showAbout(channel) {
    const about = part(this.#panel, "about");
    const avatar = about.querySelector(".avatar") ?? Object.assign(document.createElement("span"), { className: "avatar large" });
    avatar.setAttribute("aria-hidden", "true");
    showChannelAvatar(avatar, channel);
    const line = (/** @type {string} */ text, /** @type {string} */ className) => {
      const p = Object.assign(document.createElement("p"), { className, dir: "auto" });
      p.textContent = text;
      return p;
    };
    const lines = [line(channel.name, "details-name")];
    if (channel.kind === "public") {
      lines.push(line(t(`join.${channel.join}`), "small soft"), line(t(channel.listed ? "details.listed" : "details.unlisted"), "small soft"));
      if (channel.slowMode) lines.push(line(t("details.slowMode", { n: channel.slowMode }), "small soft"));
      if (channel.announcementsOnly) lines.push(line(t("details.announcements"), "small soft"));
    } else if (channel.peer) {
      const { status, userId } = channel.peer;
      lines.push(line(userId, "small soft"));
      if (status) lines.push(line(status, "details-status"));
    }
    about.replaceChildren(avatar, ...lines);
  }

  /** @param {Channel} channel */
  #showActions(channel) {
    const leads = channel.role === "owner" || channel.role === "admin";
    const isGroup = channel.kind === "public";
    const wanted = [
      { key: "invite", icon: "plus", shown: isGroup && !channel.closed && (leads || channel.join !== "closed"), run: () => this.dialogs.invite(channel) },
      { key: "settings", icon: "gear", shown: isGroup && leads, run: () => this.dialogs.settings(channel) },
      { key: "leave", icon: "out", shown: isGroup && channel.role !== null, run: () => this.dialogs.leave(channel) },
    ].filter(({ shown }) => shown).map((one) => ({ ...one, testid: one.key === "settings" ? "group-settings" : one.key, text: t(`details.${one.key}`), danger: false }));
    const about = channel.peer ? this.personMenu.items(channel.peer, { talk: false }) : [];
    wanted.push(...about.map((item) => ({ key: item.testid ?? "", testid: item.testid ?? "", shown: true, danger: false, ...item })));
    const place = part(this.#panel, "actions");
    reconcile(place, wanted, {
      key: ({ key }) => key,
      create: () => clone("part-action"),
      update: (button, { testid, icon, text, danger, run }) => {
        button.dataset.testid = testid;
        button.classList.toggle("danger-text", danger);
        part(button, "icon").setAttribute("href", `#i-${icon}`);
        setText(part(button, "text"), text);
        button.onclick = run;
      },
    });
    place.hidden = wanted.length === 0;
  }

  /** @param {Channel} channel */
  #showPeople(channel) {
    const { store } = this;
    const loaded = store.members.get(channel.target);
    const byName = (/** @type {Person} */ a, /** @type {Person} */ b) => a.name.localeCompare(b.name, language.tag);
    /** @type {(Person & {role?: Role})[]} */
    let people = [];
    if (channel.kind === "global") people = [...store.online.values()].sort(byName);
    else if (channel.kind === "public") people = loaded?.members ?? [];
    reconcile(part(this.#panel, "people"), people, {
      key: ({ id }) => id,
      create: () => clone("part-person"),
      update: (element, person) => this.#showPerson(element, person, channel),
    });
    const title = channel.kind === "global" ? "details.people" : "details.members";
    const n = channel.kind === "global" ? store.onlineCount : channel.memberCount ?? people.length;
    const heading = part(this.#panel, "people-title");
    heading.hidden = channel.kind === "private";
    setText(heading, t(title, { n }));
    const failed = this.#failed?.target === channel.target;
    showListState(part(this.#panel, "people-state"), this.#state(channel, people));
    part(this.#panel, "people-more").hidden = failed || channel.kind !== "public" || !loaded?.hasMore;
  }

  /** @param {Channel} channel @param {Person[]} people @returns {import("./list-placeholder.js").ListState} */
  #state(channel, people) {
    if (channel.kind === "private") return null;
    if (channel.kind === "global") return people.some(({ id }) => id !== this.store.me?.id) ? null : { empty: t("details.nobody") };
    if (this.#failed?.target === channel.target) return { failed: t("details.failed", this.#failed), retry: () => this.#loadMembers(people.length > 0) };
    return this.store.members.has(channel.target) ? null : { loading: true };
  }

  /** @param {HTMLElement} element @param {Person & {role?: Role, online?: boolean}} person @param {Channel} channel */
  #showPerson(element, person, channel) {
    const isMe = person.id === this.store.me?.id;
    element.dataset.userId = person.userId;
    const avatar = part(element, "avatar");
    showAvatar(avatar, person);
    const online = this.store.isOnline(person.id) || (Boolean(person.online) && !this.store.circle.blocked.has(person.id));
    avatar.classList.toggle("online", online);
    element.dataset.online = String(online);
    setText(part(element, "name"), person.name);
    const about = [
      isMe ? t("details.you") : "",
      person.kind === "person" ? "" : t(`kind.${person.kind}`),
      person.role && person.role !== "member" ? t(`role.${person.role}`) : "",
      person.status ?? "",
    ];
    setText(part(element, "about"), about.filter(Boolean).join(" · "));
    const button = part(element, "menu");
    button.hidden = this.#possible(person, channel).length === 0;
    button.setAttribute("aria-label", t("person.menu", { name: person.name }));
    button.onclick = () => openMenu(button, this.#possible(person, channel));
  }

  /** @param {Person & {role?: Role}} person @param {Channel} channel @returns {Item[]} */
  #possible(person, channel) {
    const { me } = this.store;
    if (!me || person.id === me.id) return [];
    const items = this.personMenu.items(person);
    if (channel.kind !== "public" || !person.role || channel.closed) return items;
    const member = /** @type {Member} */ (person);
    const role = (/** @type {Role} */ wanted, /** @type {string} */ key) =>
      items.push({ text: t(key), icon: "shield", testid: `make-${wanted}`, run: () => this.dialogs.setRole(channel, member, wanted) });
    if (channel.role === "owner") {
      role("owner", "person.makeOwner");
      if (member.role !== "admin") role("admin", "person.makeAdmin");
      if (member.role !== "member") role("member", "person.makeMember");
    }
    if (channel.role === "owner" || (channel.role === "admin" && member.role === "member")) {
      items.push({ text: t("person.mute"), icon: "mute", testid: "mute", run: () => this.dialogs.mute(channel, member) });
      items.push({ text: t("person.remove"), icon: "out", danger: true, testid: "remove", run: () => this.dialogs.remove(channel, member) });
      items.push({ text: t("person.ban"), icon: "block", danger: true, testid: "ban", run: () => this.dialogs.ban(channel, member) });
    }
    return items;
  }
}
