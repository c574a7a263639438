/** The list of channels: the app's room first, then whatever was active last. */
/**
 * @import { Channel } from "../net/protocol.js"
 * @import { Drafts } from "../state/drafts.js"
 * @import { Store } from "../state/store.js"
 */
import { byId, clone, part, reconcile, setText, soon } from "../lib/dom.js";
import { badge, shortTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { showChannelAvatar } from "./avatar.js";
import { showListState } from "./list-placeholder.js";

/** @type {WeakMap<Element, string>} What an item shows, so that only changes touch the page. */
const shown = new WeakMap();

export class ChannelList {
  /** The open channel, once brought into sight. @type {string | null} */ #revealed = null;
  /** @type {HTMLElement | null} */ #stop = null;
  list = byId("channel-list");
  filter = /** @type {HTMLInputElement} */ (byId("channel-filter"));

  /** @param {{store: Store, drafts: Drafts, open: (target: string) => void, retry: () => void}} parts */
  constructor({ store, drafts, open, retry }) {
    this.retry = retry;
    this.store = store;
    this.drafts = drafts;
    this.open = open;
    this.render = this.render.bind(this);
    const render = soon(this.render);
    for (const type of ["channels", "current", "presence", "circle", "connection"]) store.addEventListener(type, render);
    drafts.addEventListener("change", render);
    language.addEventListener("change", render);
    this.filter.addEventListener("input", render);
    this.filter.addEventListener("keydown", (event) => this.#filterKey(event));
    this.list.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      const item = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-target]"));
      if (!item?.dataset.target) return;
      event.preventDefault();
      open(item.dataset.target);
    });
    this.list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#listKey(event));
  }

  /** As listed, the filter applied. @returns {Channel[]} */
  get shown() {
    const wanted = this.filter.value.trim().toLocaleLowerCase();
    const channels = [...this.store.channels.values()].filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
    const rank = (/** @type {Channel} */ { kind }) => (kind === "global" ? 0 : 1);
    return channels.sort((a, b) => rank(a) - rank(b) || b.activeAt - a.activeAt || a.name.localeCompare(b.name));
  }

  /** Opens the channel above (-1) or below (1) the open one. @param {number} step @param {boolean} unreadOnly */
  step(step, unreadOnly) {
    const list = this.shown;
    const at = list.findIndex(({ target }) => target === this.store.current);
    for (let i = at + step; i >= 0 && i < list.length; i += step) {
      if (unreadOnly && list[i].unread === 0) continue;
      this.open(list[i].target);
      return;
    }
  }

  render() {
    const shown = this.shown;
    const now = Date.now();
    reconcile(this.list, shown, {
      key: ({ target }) => target,
      create: () => clone("part-channel"),
      update: (entry, channel) => this.#show(entry.firstElementChild, channel, now),
    });
    this.#showCurrent();
    showListState(byId("channel-state"), this.#state(shown.length));
    const q = this.filter.value.trim();
    byId("search-all").hidden = !q;
    setText(part(byId("search-all"), "text"), t("search.inMessages", { q }));
  }

  /** The open channel is in sight when it has just been opened, and the one that Tab comes to: arrows do the rest. */
  #showCurrent() {
    const { current } = this.store;
    const item = this.list.querySelector("[aria-current]");
    if (this.#revealed !== current) item?.scrollIntoView({ block: "nearest" });
    this.#revealed = current;
    const stop = /** @type {HTMLElement | null} */ (item ?? this.list.querySelector("a"));
    if (stop === this.#stop) return;
    if (this.#stop) this.#stop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    this.#stop = stop;
  }

  /** @param {number} count @returns {import("./list-placeholder.js").ListState} */
  #state(count) {
    const { channelsLoaded, connection } = this.store;
    if (count) return null;
    if (channelsLoaded) return { empty: t("sidebar.none") };
    return connection.status === "waiting" ? { failed: t("sidebar.failed"), retry: this.retry } : { loading: true };
  }

  /** @param {HTMLElement} item @param {Channel} channel @param {number} now */
  #show(item, channel, now) {
    const { target, name, kind, unread, peer, activeAt } = channel;
    const current = target === this.store.current;
    const online = Boolean(peer && this.store.isOnline(peer.id));
    const hasDraft = !current && this.drafts.has(target);
    const time = kind === "global" ? "" : shortTime(activeAt, now);
    const signature = JSON.stringify([target, name, kind, unread, peer?.avatar, current, online, hasDraft, time, language.code]);
    if (shown.get(item) === signature) return;
    shown.set(item, signature);
    item.dataset.target = target;
    item.dataset.kind = kind;
    item.setAttribute("href", `#${target}`);
    item.classList.toggle("unread", unread > 0);
    if (current) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
    const avatar = part(item, "avatar");
    showChannelAvatar(avatar, channel);
    avatar.classList.toggle("online", online);
    item.dataset.online = String(online);
    setText(part(item, "name"), name);
    item.title = name;
    const draft = part(item, "draft");
    draft.hidden = !hasDraft;
    setText(draft, t("sidebar.draft"));
    setText(part(item, "time"), time);
    const count = part(item, "badge");
    count.hidden = unread === 0;
    setText(count, badge(unread));
    count.setAttribute("aria-label", t("sidebar.unread", { n: unread }));
  }

  /** @param {KeyboardEvent} event */
  #filterKey(event) {
    if (event.isComposing || byId("panel-channels").hidden) return;
    const [first] = this.shown;
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "Enter" && first) {
      this.filter.value = "";
      this.open(first.target);
      this.render();
    } else if (event.key === "Enter") byId("search-all").click();
    else if (event.key === "ArrowDown") {
      event.preventDefault();
      (this.list.querySelector("a") ?? byId("search-all")).focus();
    } else if (event.key === "Escape") {
      this.filter.value = "";
      this.render();
    }
  }

  /** @param {KeyboardEvent} event */
  #listKey(event) {
    if (event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const items = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("a")]);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = at + (event.key === "ArrowDown" ? 1 : -1);
    if (to < 0) this.filter.focus();
    else (items[to] ?? byId("search-all")).focus();
  }
}
