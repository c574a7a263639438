/**
 * The panel with all channels that have unread messages, and the first of these. It stays open in a wide window, so the
 * user reads one channel after another.
 *
 * @import { UnreadPreviews } from "../net/unread-previews.js"
 * @import { Channel, Message } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Layout } from "./layout.js"
 */
import { byId, cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { formatUnreadCount } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { unreadChannels } from "../state/unread-channels.js";
import { showChannelAvatar } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { messageSummary } from "./message.js";

/** Channels of which messages are shown. */
const WITH_MESSAGES = 20;

export class UnreadPanel {
  #panel = byId("unread");
  #list = byId("unread-list");
  #readAll = part(this.#panel, "read-all");
  #button = byId("unread-toggle");

  /**
   * @param {{store: Store, previews: UnreadPreviews, layout: Layout, open: (target: string) => void,
   *   markRead: (target: string, seq: number) => void}} deps
   */
  constructor({ store, previews, layout, open, markRead }) {
    this.store = store;
    this.previews = previews;
    this.open = open;
    this.markRead = markRead;
    const render = throttleRender(() => this.render());
    for (const type of /** @type {const} */ (["channels", "current", "connection"])) store.on(type, render);
    previews.on("change", render);
    language.on("change", render);
    this.#readAll.addEventListener("click", () => {
      for (const channel of this.#channels) this.#read(channel);
      part(this.#panel, "close").focus();
    });
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      layout.closePanel();
    });
  }

  /** Called when the panel has become visible. */
  onShown() {
    part(this.#panel, "close").focus();
    this.render();
  }

  get #channels() {
    return unreadChannels(this.store.channels.values());
  }

  render() {
    const channels = this.#channels;
    const badge = part(this.#button, "badge");
    badge.hidden = channels.length === 0;
    setText(badge, formatUnreadCount(channels.length));
    badge.setAttribute("aria-label", t("unread.channels", { n: channels.length }));
    if (this.#panel.hidden) return;
    reconcile(this.#list, channels, {
      key: ({ target }) => target,
      create: () => cloneTemplate("template-unread-channel"),
      update: (item, channel) => this.#renderChannel(item, channel, channels.indexOf(channel) < WITH_MESSAGES),
    });
    this.#readAll.hidden = channels.length < 2;
    showListPlaceholder(part(this.#panel, "placeholder"), channels.length ? null : { empty: t("unread.none") });
  }

  /** @param {HTMLElement} item @param {Channel} channel @param {boolean} showsMessages */
  #renderChannel(item, channel, showsMessages) {
    const { target, name, unread, mentions } = channel;
    const open = part(item, "open");
    open.onclick = () => this.open(target);
    open.dataset.target = target;
    if (target === this.store.currentTarget) open.setAttribute("aria-current", "true");
    else open.removeAttribute("aria-current");
    showChannelAvatar(part(item, "avatar"), channel);
    setText(part(item, "name"), name);
    setText(part(item, "badge"), formatUnreadCount(unread));
    part(item, "badge").setAttribute("aria-label", t("sidebar.unread", { n: unread }));
    const mentionBadge = part(item, "mentions");
    mentionBadge.hidden = mentions === 0;
    setText(mentionBadge, `@${formatUnreadCount(mentions)}`);
    mentionBadge.setAttribute("aria-label", t("sidebar.mentions", { n: mentions }));
    reconcile(part(item, "messages"), showsMessages ? this.previews.of(channel) : [], {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-unread-message"),
      update: (line, message) => renderMessageLine(line, message),
    });
    const read = part(item, "read");
    read.setAttribute("aria-label", t("unread.markRead", { name }));
    read.title = t("unread.markRead", { name });
    read.onclick = () => this.#read(channel);
  }

  /** @param {Channel} channel */
  #read({ target, lastSeq }) {
    this.markRead(target, lastSeq);
  }
}

/** @param {HTMLElement} line @param {Message} message */
function renderMessageLine(line, message) {
  setText(part(line, "name"), message.name);
  setText(part(line, "text"), messageSummary(message));
}
