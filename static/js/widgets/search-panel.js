/**
 * The panel for searching messages: query, scope and results. On a wide window it stays open while the user goes through
 * the results.
 *
 * @import { Message } from "../net/wire-types.js"
 * @import { Fragment } from "../lib/search-highlight.js"
 * @import { MemberLoader } from "../net/member-loader.js"
 * @import { MessageSearch } from "../net/message-search.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Layout } from "./layout.js"
 * @import { ListState } from "./list-placeholder.js"
 */
import { byId, cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { dayNumber, formatFullTime, formatShortTime, formatTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { isInputMethodKey, isUnfinishedInput } from "../lib/keys.js";
import { parseMarkup, plainText } from "../lib/markup.js";
import { excerpt } from "../lib/search-highlight.js";
import { throttleRender } from "../lib/throttle.js";
import { today } from "../lib/today.js";
import { Code, RequestError } from "../net/protocol.js";
import { showAvatar } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { renderSearchSuggestions } from "./search-suggestions.js";
import { errorText, showToast } from "./toast.js";

const SEARCH_DELAY_MS = 250;
/** Distance from the end of the list, in px, within which more results are loaded. */
const LOAD_MORE_WITHIN = 400;
/** The operator of a sender at the end of a query. */
const SENDER = /(?:^|\s)from:\S*$/i;

export class SearchPanel {
  #panel = byId("search");
  #field = byId("search-field", HTMLInputElement);
  #list = byId("search-results");
  #body = part(this.#panel, "body");
  #status = part(this.#panel, "status");
  #suggestions = part(this.#panel, "suggestions");
  #moreButton = part(this.#panel, "more");
  #searchHere = find(this.#panel, "input[value=here]", HTMLInputElement);
  #searchEverywhere = find(this.#panel, "input[value=everywhere]", HTMLInputElement);
  #listMentions = find(this.#panel, "input[value=mentions]", HTMLInputElement);
  #timer = 0;
  /** The group whose members are loaded for the suggestions. */ #loadedMembersOf = "";
  /** The id of the result that was opened last. */ #openedId = "";
  /** The content of each result, so that only changes are rendered. @type {WeakMap<Element, string>} */ #rendered = new WeakMap();

  /**
   * @param {{search: MessageSearch, store: Store, memberLoader: MemberLoader, layout: Layout,
   *   open: (target: string, seq: number) => void, channelFilter: HTMLInputElement}} deps  `channelFilter`: its text can be searched in messages as well
   */
  constructor({ search, store, memberLoader, layout, open, channelFilter }) {
    this.search = search;
    this.store = store;
    this.memberLoader = memberLoader;
    this.layout = layout;
    this.open = open;
    const render = throttleRender(() => this.render());
    search.on("change", render);
    language.on("change", render);
    today.on("change", render);
    store.on("channels", render);
    store.on("members", () => this.#panel.hidden || this.#renderSuggestions());
    store.on("current", () => this.#onChannelOpened());
    byId("search-messages").addEventListener("click", () => this.showEverywhere(channelFilter.value));
    byId("mentions-button").addEventListener("click", () => this.showMentions());
    this.#field.addEventListener("input", (event) => {
      this.#renderSuggestions();
      if (!isUnfinishedInput(event)) this.#onInput();
    });
    this.#field.addEventListener("compositionend", () => this.#onInput());
    const form = part(this.#panel, "form", HTMLFormElement);
    form.addEventListener("change", () => this.#searchIfChanged());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
      // A phone's keyboard covers the results.
      if (matchMedia("(hover: none) and (pointer: coarse)").matches) this.#field.blur();
    });
    this.#panel.addEventListener("keydown", (event) => this.#onKey(event));
    this.#body.addEventListener("scroll", () => this.#loadMoreNearEnd(), { passive: true });
    this.#moreButton.addEventListener("click", () => {
      // The button is hidden while more results are loaded.
      (this.#list.lastElementChild?.querySelector("button") ?? this.#field).focus({ preventScroll: true });
      search.loadMore();
    });
  }

  /** Open the panel with its last query. */
  show() {
    if (this.#panel.hidden) this.layout.showPanel("search");
    else this.onShown();
  }

  /** Open the panel and search all channels. @param {string} q */
  showEverywhere(q) {
    this.#searchEverywhere.checked = true;
    this.#field.value = q.trim();
    this.show();
  }

  /** Open the panel with the messages that mention the user. */
  showMentions() {
    this.#listMentions.checked = true;
    this.show();
    this.#search();
  }

  /** Called when the panel has become visible. */
  onShown() {
    // The keyboard of a touch screen would cover what needs no words.
    const isTyped = !this.#listMentions.checked || matchMedia("(hover: hover)").matches;
    (isTyped ? this.#field : part(this.#panel, "close")).focus();
    if (isTyped) this.#field.select();
    this.#searchIfChanged();
    this.render();
  }

  render() {
    const { search } = this;
    if (this.#panel.hidden) return;
    this.#renderSuggestions();
    reconcile(this.#list, search.results, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-search-result"),
      update: (entry, message) => this.#renderResult(find(entry, "button", HTMLButtonElement), message),
    });
    const n = search.results.length;
    this.#list.setAttribute("aria-busy", String(search.isSearching));
    this.#status.classList.toggle("visually-hidden", search.isSearching || n === 0);
    const found = n ? t(search.hasMore ? "search.foundSoFar" : "search.found", { n }) : "";
    setText(this.#status, search.isSearching ? t("search.searching") : found);
    showListPlaceholder(part(this.#panel, "placeholder"), this.#listState(n));
    this.#moreButton.hidden = !search.hasMore || search.isSearching || search.error !== null;
    setText(this.#moreButton, t(n ? "search.more" : "search.further"));
  }

  get #query() {
    if (this.#listMentions.checked) return { q: "", target: null, isMentions: true };
    const target = this.#searchHere.checked ? this.store.currentTarget : null;
    return { q: this.#field.value.trim(), target, isMentions: false };
  }

  #renderSuggestions() {
    this.#loadMembers();
    renderSearchSuggestions(this.#suggestions, this.#listMentions.checked ? " " : this.#field.value, this.store, (query) => {
      this.#field.value = query;
      this.#field.focus();
      this.#renderSuggestions();
      this.#onInput();
    });
  }

  /** Load members of the open group once a sender is typed. */
  #loadMembers() {
    const { channel, members } = this.store;
    if (!SENDER.test(this.#field.value) || channel?.kind !== "public" || members.has(channel.target) || this.#loadedMembersOf === channel.target) return;
    this.#loadedMembersOf = channel.target;
    // The next key tries again.
    this.memberLoader.load(channel.target).catch(() => (this.#loadedMembersOf = ""));
  }

  #onInput() {
    // Mentions are not searched.
    if (this.#listMentions.checked) this.#searchEverywhere.checked = true;
    this.#searchLater();
  }

  #searchLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#searchIfChanged(), SEARCH_DELAY_MS);
  }

  #searchIfChanged() {
    const { q, target, isMentions } = this.#query;
    const last = this.search.query;
    if (isMentions !== Boolean(last.isMentions) || q !== last.q || (q && target !== last.target)) this.#search();
  }

  #search() {
    clearTimeout(this.#timer);
    this.#openedId = "";
    this.#body.scrollTop = 0;
    this.search.search(this.#query);
  }

  #loadMoreNearEnd() {
    // A page that has just come is in the list before it is on the screen; until then, the end looks nearer than it is.
    if (this.#list.childElementCount < this.search.results.length) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#body;
    if (scrollHeight - scrollTop - clientHeight < LOAD_MORE_WITHIN) this.search.loadMore();
  }

  /** A search of the open channel follows the user to another one. */
  #onChannelOpened() {
    if (this.store.currentTarget === null) this.#field.value = "";
    else if (!this.#panel.hidden) this.#searchIfChanged();
  }

  /** @param {number} count of results @returns {ListState} */
  #listState(count) {
    const { query, isSearching, error, hasMore } = this.search;
    if (query.isMentions && !count && !error && !isSearching) return { empty: t("search.noMentions") };
    if (!query.q && !query.isMentions) return { empty: t("search.prompt") };
    const isDenied = error instanceof RequestError && error.code === Code.NOT_AUTHORISED;
    if (isDenied && this.store.me?.kind === "guest") return { empty: t("search.guest") };
    if (error) return { error: errorText(error), retry: () => this.search.retry() };
    if (isSearching) return count ? null : { isLoading: true };
    if (count) return null;
    if (hasMore) return { empty: t("search.noneYet", query) };
    return { empty: t(query.target ? "search.noneHere" : "search.none", query) };
  }

  /** @param {HTMLButtonElement} button @param {Message} message */
  #renderResult(button, message) {
    const { q, target } = this.search.query;
    const channelName = target ? "" : this.#channelName(message.target);
    button.onclick = () => this.#openResult(message);
    if (message.id === this.#openedId) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    const { msg, name, avatar } = message;
    const signature = JSON.stringify([msg, name, avatar, q, channelName, language.code, dayNumber(Date.now())]);
    if (this.#rendered.get(button) === signature) return;
    this.#rendered.set(button, signature);
    showAvatar(part(button, "avatar"), { id: message.fromId, name, avatar });
    setText(part(button, "name"), name);
    const channel = part(button, "channel");
    channel.hidden = !channelName;
    setText(channel, channelName);
    const time = part(button, "time", HTMLTimeElement);
    setText(time, resultTime(message.time));
    time.dateTime = new Date(message.time).toISOString();
    time.title = formatFullTime(message.time);
    part(button, "text").replaceChildren(...excerpt(plainText(parseMarkup(msg)), q).map(fragmentNode));
  }

  /** @param {string} target */
  #channelName(target) {
    const channel = this.store.channels.get(target);
    return channel?.kind === "private" ? t("search.private", channel) : (channel?.name ?? "");
  }

  /** @param {Message} message */
  #openResult({ id, target, seq }) {
    if (!this.store.channels.has(target)) {
      showToast(t("error.1005"), { isError: true });
      return;
    }
    this.#openedId = id;
    this.open(target, seq);
    this.render();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isInputMethodKey(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    const isInField = event.target === this.#field;
    const buttons = [...this.#list.querySelectorAll("button")];
    const last = buttons.length - 1;
    const current = buttons.findIndex((button) => button === document.activeElement);
    const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") this.layout.closePanel();
    else if (next === undefined || (isInField ? event.key !== "ArrowDown" : current < 0)) return;
    else if (next < 0) this.#field.focus();
    else buttons[Math.min(next, last)]?.focus();
    event.preventDefault();
  }
}

/** @param {Fragment} fragment @returns {Node | string} */
function fragmentNode({ text, isMatch }) {
  return isMatch ? Object.assign(document.createElement("mark"), { textContent: text }) : text;
}

/** Return the time, with the date before it unless it is today. @param {number} time */
function resultTime(time) {
  const now = Date.now();
  const clock = formatTime(time);
  return dayNumber(time) === dayNumber(now) ? clock : `${formatShortTime(time, now)} ${clock}`;
}
