/**
 * The panel with the messages that the user has saved for later. Each leads to its place.
 *
 * @import { SavedList } from "../page/saved-list.js"
 * @import { SavedMessages } from "../page/saved-messages.js"
 * @import { SavedMessage } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Layout } from "./layout.js"
 * @import { ListState } from "./list-placeholder.js"
 */
import { byId, cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { formatDateTime, formatFullTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { today } from "../lib/today.js";
import { showAvatar } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { messageSummary } from "./message.js";
import { errorText, showErrorToast, showToast } from "./toast.js";

/** Distance from the end of the list, in px, within which more messages are loaded. */
const LOAD_MORE_WITHIN = 400;

export class SavedPanel {
  #panel = byId("saved");
  #list = byId("saved-list");
  #body = part(this.#panel, "body");
  #more = part(this.#panel, "more");

  /**
   * @param {{list: SavedList, savedMessages: SavedMessages, store: Store, layout: Layout,
   *   open: (target: string, seq: number) => void}} deps
   */
  constructor({ list, savedMessages, store, layout, open }) {
    this.list = list;
    this.savedMessages = savedMessages;
    this.store = store;
    this.layout = layout;
    this.open = open;
    const render = throttleRender(() => this.render());
    for (const source of [list, language, today]) source.addEventListener("change", render);
    store.on("channels", render);
    // Guests cannot save messages.
    store.on("me", () => (byId("saved-toggle").hidden = store.me?.kind === "guest"));
    this.#body.addEventListener("scroll", () => this.#loadMoreNearEnd(), { passive: true });
    this.#more.addEventListener("click", () => {
      // The button is hidden while more messages are loaded.
      this.#list.lastElementChild?.querySelector("button")?.focus({ preventScroll: true });
      list.loadMore();
    });
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      layout.closePanel();
    });
  }

  /** Save the message, or remove it, and offer the way back. @param {SavedMessage | {target: string, id: string}} message @param {boolean} isSaved */
  async setSaved(message, isSaved) {
    try {
      if (isSaved) await this.savedMessages.save(message);
      else await this.savedMessages.remove(message.id);
    } catch (error) {
      showErrorToast(error);
      return;
    }
    const show = { text: t("saved.show"), run: () => this.layout.showPanel("saved") };
    const undo = { text: t("saved.undo"), run: () => this.setSaved(message, true) };
    showToast(t(isSaved ? "saved.done" : "saved.removed"), { action: isSaved ? show : undo });
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
    reconcile(this.#list, list.messages, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-saved-entry"),
      update: (item, message) => this.#renderEntry(item, message),
    });
    this.#list.setAttribute("aria-busy", String(list.isLoading));
    showListPlaceholder(part(this.#panel, "placeholder"), this.#listState());
    this.#more.hidden = !list.hasMore || list.isLoading || list.error !== null;
  }

  /** @returns {ListState} */
  #listState() {
    const { messages, isLoading, error, hasMore } = this.list;
    if (error) return { error: errorText(error), retry: () => this.list.retry() };
    if (messages.length) return null;
    if (isLoading) return { isLoading: true };
    return hasMore ? null : { empty: t("saved.none") };
  }

  /** @param {HTMLElement} item @param {SavedMessage} message */
  #renderEntry(item, message) {
    const { target, seq, fromId, name, avatar, time } = message;
    showAvatar(part(item, "avatar"), { id: fromId, name, avatar });
    setText(part(item, "name"), name);
    const channel = this.store.channels.get(target);
    setText(part(item, "channel"), channel?.kind === "private" ? t("search.private", channel) : (channel?.name ?? ""));
    setText(part(item, "text"), messageSummary(message));
    const shown = part(item, "time", HTMLTimeElement);
    setText(shown, formatDateTime(time));
    shown.dateTime = new Date(time).toISOString();
    shown.title = formatFullTime(time);
    part(item, "open").onclick = () => {
      if (this.store.channels.has(target)) this.open(target, seq);
      else showToast(t("error.1005"), { isError: true });
    };
    const remove = part(item, "remove");
    remove.title = t("saved.remove");
    remove.setAttribute("aria-label", remove.title);
    remove.onclick = () => {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      const focus = next?.querySelector("button") ?? part(this.#panel, "close");
      focus.focus({ preventScroll: true });
      this.setSaved(message, false);
    };
  }

  #loadMoreNearEnd() {
    // A page that has just come is in the list before it is on the screen; until then, the end looks nearer than it is.
    if (this.#list.childElementCount < this.list.messages.length) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#body;
    if (scrollHeight - scrollTop - clientHeight < LOAD_MORE_WITHIN) this.list.loadMore();
  }
}
