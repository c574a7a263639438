/**
 * The panel with the threads that the user follows. A thread opens in its place.
 *
 * @import { ThreadListEntry } from "../net/wire-types.js"
 * @import { ThreadConversation } from "../net/thread-conversation.js"
 * @import { ThreadList } from "../net/thread-list.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Threads } from "../net/state/threads.js"
 * @import { Layout } from "./layout.js"
 * @import { ListState } from "./list-placeholder.js"
 */
import { byId, cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { formatDateTime, formatFullTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { today } from "../lib/today.js";
import { showAvatar } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { messageSummary } from "./message.js";
import { errorText } from "./toast.js";

/** Distance from the end of the list, in px, within which more threads are loaded. */
const LOAD_MORE_WITHIN = 400;

export class ThreadListPanel {
  #panel = byId("threads");
  #list = byId("thread-list");
  #body = part(this.#panel, "body");
  #more = part(this.#panel, "more");

  /**
   * @param {{list: ThreadList, threads: Threads, store: Store, layout: Layout, conversation: ThreadConversation,
   *   openChannel: (target: string) => void}} deps
   */
  constructor({ list, threads, store, layout, conversation, openChannel }) {
    this.list = list;
    this.threads = threads;
    this.store = store;
    this.conversation = conversation;
    this.openChannel = openChannel;
    const render = throttleRender(() => this.render());
    for (const source of [list, language, today]) source.addEventListener("change", render);
    store.on("channels", render);
    this.#body.addEventListener("scroll", () => this.#loadMoreNearEnd(), { passive: true });
    this.#more.addEventListener("click", () => {
      // The button is hidden while more threads are loaded.
      this.#list.lastElementChild?.querySelector("button")?.focus({ preventScroll: true });
      list.loadMore();
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
    this.#body.scrollTop = 0;
    this.list.load();
  }

  render() {
    const { list } = this;
    if (this.#panel.hidden) return;
    reconcile(this.#list, list.entries, {
      key: ({ thread }) => thread.id,
      create: () => cloneTemplate("template-thread-entry"),
      update: (item, entry) => this.#renderEntry(find(item, "button", HTMLButtonElement), entry),
    });
    this.#list.setAttribute("aria-busy", String(list.isLoading));
    showListPlaceholder(part(this.#panel, "placeholder"), this.#listState());
    this.#more.hidden = !list.hasMore || list.isLoading || list.error !== null;
  }

  /** @returns {ListState} */
  #listState() {
    const { entries, isLoading, error } = this.list;
    if (error) return { error: errorText(error), retry: () => this.list.retry() };
    if (entries.length) return null;
    return isLoading ? { isLoading: true } : { empty: t("threads.none") };
  }

  /** @param {HTMLButtonElement} button @param {ThreadListEntry} entry */
  #renderEntry(button, { target, thread: received, root }) {
    const { count, lastAt, unread } = this.threads.of({ id: received.id, thread: received }) ?? received;
    button.onclick = () => {
      this.openChannel(target);
      this.conversation.open({ target, id: received.id });
    };
    const avatar = part(button, "avatar");
    avatar.hidden = !root;
    if (root) showAvatar(avatar, { id: root.fromId, name: root.name, avatar: root.avatar });
    setText(part(button, "name"), root?.name ?? "");
    const channel = this.store.channels.get(target);
    setText(part(button, "channel"), channel?.kind === "private" ? t("search.private", channel) : (channel?.name ?? ""));
    setText(part(button, "text"), root ? messageSummary(root) : t("message.quoteUnavailable"));
    setText(part(button, "answers"), t("thread.answers", { n: count }));
    const time = part(button, "time", HTMLTimeElement);
    setText(time, t("thread.last", { time: formatDateTime(lastAt) }));
    time.dateTime = new Date(lastAt).toISOString();
    time.title = formatFullTime(lastAt);
    const badge = part(button, "unread");
    badge.hidden = unread === 0;
    setText(badge, t("thread.unread", { n: unread }));
  }

  #loadMoreNearEnd() {
    // A page that has just come is in the list before it is on the screen; until then, the end looks nearer than it is.
    if (this.#list.childElementCount < this.list.entries.length) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#body;
    if (scrollHeight - scrollTop - clientHeight < LOAD_MORE_WITHIN) this.list.loadMore();
  }
}
