/**
 * The sidebar's list of channels, in sections that can be collapsed.
 *
 * @import { Channel } from "../net/wire-types.js"
 * @import { Section } from "../state/channel-sections.js"
 * @import { Drafts } from "../state/drafts.js"
 * @import { CollapsedSections } from "../state/collapsed-sections.js"
 * @import { Store } from "../net/state/store.js"
 * @import { ListState } from "./list-placeholder.js"
 * @import { SectionMenus } from "./section-menus.js"
 */
import { byId, cloneTemplate, find, part, reconcile, setText, targetOf } from "../lib/dom.js";
import { formatShortTime, formatUnreadCount } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { throttleRender } from "../lib/throttle.js";
import { today } from "../lib/today.js";
import { notificationsOf, shownUnread } from "../state/channel-notifications.js";
import { channelSections } from "../state/channel-sections.js";
import { showChannelAvatar, showPresence } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";

export class ChannelList {
  /** The open channel that was scrolled into view. @type {string | null} */ #revealedTarget = null;
  /** The link that can be reached by Tab. @type {HTMLElement | null} */ #tabStop = null;
  /** The content of each link, so that only changes are rendered. @type {WeakMap<Element, string>} */ #rendered = new WeakMap();
  #searchMessages = byId("search-messages");
  list = byId("channel-list");
  filter = byId("channel-filter", HTMLInputElement);

  /** @param {{store: Store, drafts: Drafts, collapsed: CollapsedSections, menus: SectionMenus, open: (target: string) => void, retry: () => void}} deps */
  constructor({ store, drafts, collapsed, menus, open, retry }) {
    this.store = store;
    this.collapsed = collapsed;
    this.menus = menus;
    this.drafts = drafts;
    this.open = open;
    this.retry = retry;
    const render = throttleRender(() => this.render());
    for (const type of /** @type {const} */ (["channels", "current", "presence", "contacts", "connection"])) store.on(type, render);
    drafts.on("change", render);
    collapsed.on("change", render);
    language.on("change", render);
    today.on("change", render);
    this.filter.addEventListener("input", render);
    this.filter.addEventListener("keydown", (event) => this.#onFilterKey(event));
    this.list.addEventListener("click", (event) => this.#onClick(event));
    // Also by a long press, and by the menu key on the link that has the focus.
    this.list.addEventListener("contextmenu", (event) => {
      const entry = targetOf(event).closest(".channel-entry");
      if (entry && menus.isOffered) this.#openMenu(entry);
      if (entry && menus.isOffered) event.preventDefault();
    });
    this.list.addEventListener("keydown", (event) => this.#onListKey(event));
  }

  /** @returns {Section[]} */
  get #sections() {
    const { channels, currentTarget, sidebar: arrangement } = this.store;
    const { keys: collapsed } = this.collapsed;
    return channelSections({ channels: channels.values(), currentTarget, arrangement, collapsed, filter: this.filter.value });
  }

  /** The listed channels, in their order. @returns {Channel[]} */
  get #listed() {
    return this.#sections.flatMap(({ channels }) => channels);
  }

  /** Open the channel above (-1) or below (1) the open one. @param {1 | -1} step @param {boolean} isUnreadOnly */
  openNeighbour(step, isUnreadOnly) {
    const channels = this.#listed;
    const current = channels.findIndex(({ target }) => target === this.store.currentTarget);
    for (let i = current + step; i >= 0 && i < channels.length; i += step) {
      if (isUnreadOnly && shownUnread(channels[i]) + channels[i].mentions === 0) continue;
      this.open(channels[i].target);
      return;
    }
  }

  render() {
    const sections = this.#sections;
    const now = Date.now();
    const drafts = this.drafts.names();
    /** @type {(Section | Channel)[]} */
    const rows = sections.length > 1 || sections[0]?.own ? sections.flatMap((section) => [section, ...section.channels]) : this.#listed;
    reconcile(this.list, rows, {
      key: (row) => ("channels" in row ? `section:${row.key}` : row.target),
      create: (row) => cloneTemplate("channels" in row ? "template-channel-section" : "template-channel-item"),
      update: (item, row) => ("channels" in row ? renderHeading(item, row) : this.#renderItem(item, row, { now, drafts })),
    });
    this.#revealCurrent();
    showListPlaceholder(byId("channel-list-placeholder"), this.#listState(rows.length));
    const q = this.filter.value.trim();
    this.#searchMessages.hidden = !q;
    setText(part(this.#searchMessages, "text"), t("search.inMessages", { q }));
  }

  /** @param {Event} event */
  #onClick(event) {
    const clicked = targetOf(event);
    const heading = /** @type {HTMLElement | null} */ (clicked.closest("[data-section]"));
    const entry = clicked.closest(".channel-entry");
    const button = /** @type {HTMLElement | null} */ (clicked.closest("[data-part=more]"));
    if (button && entry) this.#openMenu(entry);
    else if (button && heading?.dataset.own) this.menus.openForSection(button, heading.dataset.own);
    else if (heading?.dataset.section) this.collapsed.toggle(heading.dataset.section);
    else if (entry) {
      event.preventDefault();
      this.open(find(entry, "a").dataset.target ?? "");
    }
  }

  /** Open the menu of a channel. @param {Element} entry */
  #openMenu(entry) {
    const link = find(entry, "a");
    const channel = this.store.channels.get(link.dataset.target ?? "");
    if (channel) this.menus.openForChannel(part(entry, "more"), channel, link);
  }

  clearFilter() {
    this.filter.value = "";
    this.render();
  }

  /** Scroll a channel that was just opened into view, and make it the list's tab stop. */
  #revealCurrent() {
    const { currentTarget } = this.store;
    const current = /** @type {HTMLElement | null} */ (this.list.querySelector("[aria-current]"));
    if (this.#revealedTarget !== currentTarget) current?.scrollIntoView({ block: "nearest" });
    this.#revealedTarget = currentTarget;
    const tabStop = current ?? this.list.querySelector("a");
    if (tabStop === this.#tabStop) return;
    if (this.#tabStop) this.#tabStop.tabIndex = -1;
    if (tabStop) tabStop.tabIndex = 0;
    this.#tabStop = tabStop;
  }

  /** @param {number} count @returns {ListState} */
  #listState(count) {
    const { isChannelListLoaded, connection } = this.store;
    if (count) return null;
    if (isChannelListLoaded) return { empty: t("sidebar.noMatch") };
    return connection.reason ? { error: t("sidebar.failed"), retry: this.retry } : { isLoading: true };
  }

  /** @param {HTMLElement} item @param {Channel} channel @param {{now: number, drafts: Set<string>}} state  `drafts`: names of the channels with a draft */
  #renderItem(item, channel, { now, drafts }) {
    const link = find(item, "a");
    const { target, name, kind, mentions, peer, activeAt, joinRequests = 0 } = channel;
    const unread = shownUnread(channel);
    const { muted } = notificationsOf(channel);
    const isCurrent = target === this.store.currentTarget;
    const presence = peer ? this.store.presence(peer.id) : "offline";
    const hasDraft = !isCurrent && drafts.has(target);
    const time = kind === "global" ? "" : formatShortTime(activeAt, now);
    const signature = JSON.stringify([target, name, kind, muted, unread, mentions, joinRequests, peer?.avatar, channel.picture, isCurrent, presence, hasDraft, time, language.code]);
    if (this.#rendered.get(link) === signature) return;
    this.#rendered.set(link, signature);
    link.dataset.target = target;
    link.dataset.kind = kind;
    link.dataset.online = String(presence !== "offline");
    link.setAttribute("href", `#${target}`);
    link.title = name;
    const more = part(item, "more");
    more.hidden = !this.menus.isOffered;
    item.classList.toggle("has-menu", this.menus.isOffered);
    more.setAttribute("aria-label", t("channel.menu", { name }));
    link.classList.toggle("unread", unread > 0);
    link.classList.toggle("muted", muted);
    part(link, "muted").hidden = !muted;
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    const avatar = part(link, "avatar");
    showChannelAvatar(avatar, channel);
    showPresence(avatar, presence);
    setText(part(link, "name"), name);
    const draft = part(link, "draft");
    draft.hidden = !hasDraft;
    setText(draft, t("sidebar.draft"));
    setText(part(link, "time"), time);
    part(link, "badges").hidden = unread === 0 && mentions === 0 && joinRequests === 0;
    const requests = part(link, "requests");
    requests.hidden = joinRequests === 0;
    requests.title = t("details.requests", { n: joinRequests });
    requests.setAttribute("aria-label", requests.title);
    setText(part(requests, "request-count"), formatUnreadCount(joinRequests));
    const badge = part(link, "badge");
    badge.hidden = unread === 0;
    setText(badge, formatUnreadCount(unread));
    badge.setAttribute("aria-label", t("sidebar.unread", { n: unread }));
    const mentionBadge = part(link, "mentions");
    mentionBadge.hidden = mentions === 0;
    setText(mentionBadge, `@${formatUnreadCount(mentions)}`);
    mentionBadge.setAttribute("aria-label", t("sidebar.mentions", { n: mentions }));
  }

  /** @param {KeyboardEvent} event */
  #onFilterKey(event) {
    if (isInputMethodKey(event) || byId("panel-channels").hidden) return;
    const first = this.#listed.at(0);
    if (event.key === "Enter") {
      event.preventDefault();
      if (first) {
        this.filter.value = "";
        this.open(first.target);
        this.render();
      } else this.#searchMessages.click();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      (this.list.querySelector("a") ?? this.#searchMessages).focus();
    } else if (event.key === "Escape") this.clearFilter();
  }

  /** @param {KeyboardEvent} event */
  #onListKey(event) {
    if (event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    if (event.shiftKey && (event.ctrlKey || event.metaKey)) {
      const { target = "" } = /** @type {HTMLElement} */ (document.activeElement).dataset;
      const channel = this.store.channels.get(target);
      if (channel) this.menus.moveChannel(channel, event.key === "ArrowUp" ? -1 : 1);
      return;
    }
    const links = [...this.list.querySelectorAll("a")];
    const focused = links.findIndex((link) => link === document.activeElement);
    const next = focused + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) this.filter.focus();
    else (links[next] ?? this.#searchMessages).focus();
  }
}

/** @param {HTMLElement} item @param {Section} section */
function renderHeading(item, { key, own, isCollapsed }) {
  item.dataset.section = key;
  item.dataset.own = own ?? "";
  const button = part(item, "toggle");
  button.setAttribute("aria-expanded", String(!isCollapsed));
  setText(part(button, "text"), own ?? t(/** @type {`section.${"favourites" | "channels" | "direct"}`} */ (`section.${key}`)));
  const more = part(item, "more");
  more.hidden = own === null;
  more.title = own === null ? "" : t("section.menu", { name: own });
  more.setAttribute("aria-label", more.title);
}
