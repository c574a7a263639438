/**
 * The details panel beside the timeline: the channel's properties, actions, and members or online users.
 *
 * @import { Channel, Member, Role, User } from "../net/wire-types.js"
 * @import { TextKey } from "../lib/i18n.js"
 * @import { MemberLoader } from "../net/member-loader.js"
 * @import { Session } from "../net/session.js"
 * @import { Store } from "../net/state/store.js"
 * @import { ChannelNotifications } from "./channel-notifications.js"
 * @import { GroupApi } from "../net/group-api.js"
 * @import { GroupDialogs } from "./group-dialogs.js"
 * @import { GroupSettings } from "./group-settings.js"
 * @import { ListState } from "./list-placeholder.js"
 * @import { MenuItem } from "./menu.js"
 * @import { SectionMenus } from "./section-menus.js"
 * @import { UserMenu } from "./user-menu.js"
 * @typedef {User & {role?: Role, online?: boolean, away?: boolean}} ListedUser
 */
import { byId, cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { isManager } from "../state/send-permission.js";
import { showAvatar, showChannelAvatar, showPresence } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { openMenu } from "./menu.js";
import { askToRestrict } from "./restrictions.js";
import { errorText, showErrorToast } from "./toast.js";

/** @type {Record<Channel["kind"], TextKey>} */
const TITLES = { global: "details.aboutChannel", public: "details.aboutGroup", private: "details.aboutChat" };

export class ChannelDetails {
  #panel = byId("details");
  #actions = part(this.#panel, "actions");
  /** The reason why the members of a group could not be loaded. @type {{target: string, reason: string} | null} */ #loadError = null;

  /**
   * @param {{store: Store, session: Session, memberLoader: MemberLoader, groupDialogs: GroupDialogs, groupApi: GroupApi,
   *   groupSettings: GroupSettings, sectionMenus: SectionMenus, userMenu: UserMenu, notifications: ChannelNotifications}} deps
   */
  constructor({ store, session, memberLoader, groupDialogs, groupApi, groupSettings, sectionMenus, userMenu, notifications }) {
    this.store = store;
    this.memberLoader = memberLoader;
    this.groupDialogs = groupDialogs;
    this.groupApi = groupApi;
    this.groupSettings = groupSettings;
    this.sectionMenus = sectionMenus;
    this.userMenu = userMenu;
    this.notifications = notifications;
    const render = throttleRender(() => this.render());
    for (const type of /** @type {const} */ (["channels", "presence", "members", "contacts"])) store.on(type, render);
    store.on("current", () => {
      this.#loadMembers();
      render();
    });
    session.on("resumed", () => this.#loadMembers());
    language.on("change", render);
    part(this.#panel, "more-members").addEventListener("click", () => this.#loadMembers(true));
  }

  /** Called when the panel has become visible. */
  onShown() {
    this.#loadMembers();
    this.render();
  }

  render() {
    const { channel } = this.store;
    if (this.#panel.hidden || !channel) return;
    setText(part(this.#panel, "title"), t(TITLES[channel.kind]));
    this.#renderAbout(channel);
    this.#renderActions(channel);
    this.#renderUsers(channel);
  }

  async #loadMembers(more = false) {
    const { channel } = this.store;
    if (this.#panel.hidden || channel?.kind !== "public") return;
    if (!more && this.store.members.has(channel.target)) return;
    this.#loadError = null;
    try {
      await this.memberLoader.load(channel.target, more);
    } catch (error) {
      this.#loadError = { target: channel.target, reason: errorText(error) };
    }
    this.render();
  }

  /** @param {Channel} channel */
  #renderAbout(channel) {
    const about = part(this.#panel, "about");
    const avatar = /** @type {HTMLElement} */ (about.querySelector(".avatar") ?? document.createElement("span"));
    avatar.classList.add("avatar", "large");
    avatar.setAttribute("aria-hidden", "true");
    showChannelAvatar(avatar, channel);
    const lines = [paragraph(channel.name, "details-name")];
    if (channel.topic) lines.push(paragraph(channel.topic));
    if (channel.kind === "public") {
      lines.push(paragraph(t(`join.${channel.join}`)), paragraph(t(channel.listed ? "details.listed" : "details.unlisted")));
      if (channel.slowMode) lines.push(paragraph(t("details.slowMode", { n: channel.slowMode })));
      if (channel.announcementsOnly) lines.push(paragraph(t("details.announcements")));
    } else if (channel.peer) {
      const { status, userId } = channel.peer;
      lines.push(paragraph(userId));
      if (status) lines.push(paragraph(status, "details-status"));
    }
    if (channel.description) lines.push(paragraph(channel.description, "details-description"));
    about.replaceChildren(avatar, ...lines);
  }

  /** @param {Channel} channel */
  #renderActions(channel) {
    const items = this.notifications.items(channel);
    if (this.sectionMenus.isOffered) items.push(this.#sectionItem(channel));
    if (channel.kind === "public") items.push(...this.#groupItems(channel));
    if (channel.peer) items.push(...this.userMenu.items(channel.peer, { withMessage: false }));
    reconcile(this.#actions, items, {
      key: ({ testid = "" }) => testid,
      create: () => cloneTemplate("template-channel-action"),
      update: (button, { testid, icon, text, isDestructive = false, run }) => {
        button.dataset.testid = testid;
        button.classList.toggle("destructive", isDestructive);
        part(button, "icon", SVGElement).setAttribute("href", `#icon-${icon}`);
        setText(part(button, "text"), text);
        button.onclick = run;
      },
    });
    this.#actions.hidden = items.length === 0;
  }

  /** @param {Channel} channel @returns {MenuItem} */
  #sectionItem(channel) {
    const choose = () => openMenu(find(this.#actions, "[data-testid=channel-section]", HTMLElement), this.sectionMenus.sectionItems(channel));
    return { text: t("section.choose"), icon: "folder", testid: "channel-section", run: choose };
  }

  /** @param {Channel} channel @returns {MenuItem[]} */
  #groupItems(channel) {
    const { groupApi, groupDialogs, groupSettings } = this;
    const canInvite = !channel.closed && (isManager(channel.role) || channel.join !== "closed");
    /** @type {MenuItem[]} */
    const items = [];
    if (canInvite) items.push({ text: t("details.invite"), icon: "plus", testid: "invite", run: () => groupDialogs.invite(channel) });
    if (isManager(channel.role) && !channel.closed) {
      const { joinRequests = 0 } = channel;
      const showInvites = () => groupSettings.show(channel, "invites");
      if (joinRequests) items.push({ text: t("details.requests", { n: joinRequests }), icon: "user-add", testid: "join-requests", run: showInvites });
      items.push({ text: t("details.links"), icon: "link", testid: "invite-links", run: showInvites });
      items.push({ text: t("details.settings"), icon: "settings", testid: "group-settings", run: () => groupSettings.show(channel) });
    }
    if (channel.role === "owner" && channel.closed) {
      const reopen = () => groupApi.setClosed(channel.target, false).catch(showErrorToast);
      items.push({ text: t("group.reopen"), icon: "retry", testid: "group-reopen", run: reopen });
    }
    if (channel.role !== null) {
      items.push({ text: t("details.leave"), icon: "leave", testid: "leave", run: () => groupDialogs.leave(channel) });
    }
    return items;
  }

  /** @param {Channel} channel */
  #renderUsers(channel) {
    const { store } = this;
    const isGlobal = channel.kind === "global";
    const loaded = store.members.get(channel.target);
    const byName = (/** @type {User} */ a, /** @type {User} */ b) => a.name.localeCompare(b.name, language.tag);
    /** @type {ListedUser[]} */
    let users = [];
    if (isGlobal) users = [...store.online.values()].sort(byName);
    else if (channel.kind === "public") users = loaded?.members ?? [];
    reconcile(part(this.#panel, "members"), users, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-member"),
      update: (element, user) => this.#renderUser(element, user, channel),
    });
    const heading = part(this.#panel, "members-title");
    heading.hidden = channel.kind === "private";
    const count = isGlobal ? store.onlineCount : channel.memberCount ?? users.length;
    setText(heading, t(isGlobal ? "details.online" : "details.members", { n: count }));
    showListPlaceholder(part(this.#panel, "members-placeholder"), this.#listState(channel, users));
    const isFailed = this.#loadError?.target === channel.target;
    part(this.#panel, "more-members").hidden = isFailed || channel.kind !== "public" || !loaded?.hasMore;
  }

  /** @param {Channel} channel @param {User[]} users @returns {ListState} */
  #listState({ kind, target }, users) {
    const { members } = this.store;
    if (kind === "private") return null;
    if (kind === "global") return users.length ? null : { empty: t("details.noOthers") };
    if (this.#loadError?.target === target) {
      const retry = () => this.#loadMembers(users.length > 0);
      return { error: t("details.failed", this.#loadError), retry };
    }
    return members.has(target) ? null : { isLoading: true };
  }

  /** Members on other apps are as their list has them. @param {ListedUser} user */
  #presence(user) {
    const known = this.store.presence(user.id);
    if (known !== "offline" || !user.online || this.store.contacts.blocked.has(user.id)) return known;
    return user.away ? "away" : "online";
  }

  /** @param {HTMLElement} element @param {ListedUser} user @param {Channel} channel */
  #renderUser(element, user, channel) {
    const { me } = this.store;
    const presence = this.#presence(user);
    element.dataset.userId = user.userId;
    element.dataset.online = String(presence !== "offline");
    const avatar = part(element, "avatar");
    showAvatar(avatar, user);
    showPresence(avatar, presence);
    setText(part(element, "name"), user.name);
    const about = [
      user.id === me?.id ? t("details.you") : "",
      user.kind === "person" ? "" : t(`userKind.${user.kind}`),
      user.role && user.role !== "member" ? t(`role.${user.role}`) : "",
      user.status ?? "",
    ];
    setText(part(element, "about"), about.filter(Boolean).join(" · "));
    const button = part(element, "menu");
    button.hidden = this.#userItems(user, channel).length === 0;
    button.setAttribute("aria-label", t("user.menu", user));
    button.onclick = () => openMenu(button, this.#userItems(user, channel));
  }

  /** @param {ListedUser} user @param {Channel} channel @returns {MenuItem[]} */
  #userItems(user, channel) {
    const { me } = this.store;
    if (!me || user.id === me.id) return [];
    const items = this.userMenu.items(user);
    if (channel.kind !== "public" || !user.role || channel.closed) return items;
    return [...items, ...this.#memberItems(/** @type {Member} */ (user), channel)];
  }

  /** The actions of a group's owners and admins. @param {Member} member @param {Channel} channel @returns {MenuItem[]} */
  #memberItems(member, channel) {
    const { groupApi, groupDialogs } = this;
    /** @type {MenuItem[]} */
    const items = [];
    const addRole = (/** @type {Role} */ role, /** @type {TextKey} */ key) =>
      items.push({ text: t(key), icon: "shield", testid: `make-${role}`, run: () => groupDialogs.setMemberRole(channel, member, role) });
    if (channel.role === "owner") {
      addRole("owner", "user.makeOwner");
      if (member.role !== "admin") addRole("admin", "user.makeAdmin");
      if (member.role !== "member") addRole("member", "user.makeMember");
      items.push({ text: t("user.transfer"), icon: "shield", testid: "transfer", run: () => groupDialogs.transfer(channel, member) });
    }
    if (channel.role === "owner" || (channel.role === "admin" && member.role === "member")) {
      items.push({ text: t("user.mute"), icon: "mute", testid: "mute", run: () => askToRestrict(groupApi, channel, member, "mute") });
      items.push({ text: t("user.remove"), icon: "leave", isDestructive: true, testid: "remove", run: () => groupDialogs.removeMember(channel, member) });
      items.push({ text: t("user.ban"), icon: "block", isDestructive: true, testid: "ban", run: () => askToRestrict(groupApi, channel, member, "ban") });
    }
    return items;
  }
}

/** @param {string} text @param {string} [className] */
function paragraph(text, className = "small secondary-text") {
  return Object.assign(document.createElement("p"), { className, dir: "auto", textContent: text });
}
