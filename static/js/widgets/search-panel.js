/**
 * The panel in which messages are looked for: what is typed, where, and what was found. On a wide window it stays open
 * while one goes from one message to the next.
 */
/**
 * @import { Message } from "../net/protocol.js"
 * @import { MessageSearch } from "../net/message-search.js"
 * @import { Store } from "../state/store.js"
 * @import { Layout } from "./layout.js"
 */
import { byId, clone, part, reconcile, setText, soon } from "../lib/dom.js";
import { clock, dayNumber, fullTime, shortTime } from "../lib/format.js";
import { excerpt } from "../lib/search-highlight.js";
import { language, t } from "../lib/i18n.js";
import { Code, Refused } from "../net/protocol.js";
import { showAvatar } from "./avatar.js";
import { showListState } from "./list-placeholder.js";
import { errorText, showNotice } from "./toast.js";

const TYPING = 250;
const MORE_WITHIN = 400;

export class SearchPanel {
  #panel = byId("search");
  #field = /** @type {HTMLInputElement} */ (byId("search-field"));
  #list = byId("search-results");
  #timer = 0;
  /** The message last gone to. */ #chosen = "";
  /** @type {WeakMap<Element, string>} What an entry shows, so that only changes touch the page. */ #shown = new WeakMap();

  /**
   * @param {{search: MessageSearch, store: Store, layout: Layout, open: (target: string, seq: number) => void,
   *   filter: HTMLInputElement}} parts  `filter`: of the channels, whose words can be looked for in messages as well
   */
  constructor({ search, store, layout, open, filter }) {
    this.search = search;
    this.store = store;
    this.layout = layout;
    this.open = open;
    const render = soon(() => this.render());
    search.addEventListener("change", render);
    language.addEventListener("change", render);
    store.addEventListener("channels", render);
    store.addEventListener("current", () => this.#followChannel());
    byId("search-all").addEventListener("click", () => this.show({ everywhere: true, q: filter.value }));
    this.#field.addEventListener("input", (event) => !(/** @type {InputEvent} */ (event).isComposing) && this.#later());
    this.#field.addEventListener("compositionend", () => this.#later());
    const form = part(this.#panel, "form");
    form.addEventListener("change", () => this.#askIfOther());
    form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#ask();
      // The keyboard of a phone lies over what was found.
      if (matchMedia("(hover: none) and (pointer: coarse)").matches) this.#field.blur();
    });
    this.#panel.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    const body = part(this.#panel, "body");
    body.addEventListener("scroll", () => body.scrollHeight - body.scrollTop - body.clientHeight < MORE_WITHIN && search.more(), { passive: true });
    part(this.#panel, "more").addEventListener("click", () => {
      // The button goes away meanwhile: what comes follows the last one.
      (this.#list.lastElementChild?.querySelector("button") ?? this.#field).focus({ preventScroll: true });
      search.more();
    });
  }

  /** @param {{everywhere?: boolean, q?: string}} [about] without words: those of the last time */
  show({ everywhere, q } = {}) {
    if (everywhere !== undefined) this.#scope(everywhere ? "everywhere" : "here").checked = true;
    if (q !== undefined) this.#field.value = q.trim();
    if (this.#panel.hidden) this.layout.show("search");
    else this.shown();
  }

  /** The panel has become visible. */
  shown() {
    this.#field.focus();
    this.#field.select();
    this.#askIfOther();
    this.render();
  }

  /** @param {"here" | "everywhere"} where @returns {HTMLInputElement} */
  #scope(where) {
    return this.#panel.querySelector(`input[value="${where}"]`);
  }

  get #question() {
    return { q: this.#field.value.trim(), target: this.#scope("here").checked ? this.store.current : null };
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#askIfOther(), TYPING);
  }

  #askIfOther() {
    const { q, target } = this.#question;
    const asked = this.search.question;
    if (q !== asked.q || (q && target !== asked.target)) this.#ask();
  }

  #ask() {
    clearTimeout(this.#timer);
    this.#chosen = "";
    part(this.#panel, "body").scrollTop = 0;
    this.search.ask(this.#question);
  }

  /** What was looked for in the conversation that was open is looked for in this one. */
  #followChannel() {
    if (this.store.current === null) this.#field.value = "";
    else if (!this.#panel.hidden) this.#askIfOther();
  }

  render() {
    const { search } = this;
    if (this.#panel.hidden) return;
    reconcile(this.#list, search.messages, {
      key: ({ id }) => id,
      create: () => clone("part-found"),
      update: (entry, message) => this.#show(entry.firstElementChild, message),
    });
    const n = search.messages.length;
    this.#list.setAttribute("aria-busy", String(search.searching));
    const status = part(this.#panel, "status");
    status.classList.toggle("visually-hidden", search.searching || n === 0);
    if (search.searching) setText(status, t("search.searching"));
    else setText(status, n ? t(search.hasMore ? "search.foundSoFar" : "search.found", { n }) : "");
    showListState(part(this.#panel, "state"), this.#state(n));
    const more = part(this.#panel, "more");
    more.hidden = !search.hasMore || search.searching || search.failed !== null;
    setText(more, t(n ? "search.more" : "search.further"));
  }

  /** @param {number} n @returns {import("./list-placeholder.js").ListState} */
  #state(n) {
    const { question, searching, failed, hasMore } = this.search;
    if (!question.q) return { empty: t("search.type") };
    if (failed instanceof Refused && failed.code === Code.NOT_AUTHORISED && this.store.me?.kind === "guest") return { empty: t("search.guest") };
    if (failed) return { failed: errorText(failed), retry: () => this.search.retry() };
    if (searching) return n ? null : { loading: true };
    if (n) return null;
    if (hasMore) return { empty: t("search.noneYet", question) };
    return { empty: t(question.target ? "search.noneHere" : "search.none", question) };
  }

  /** @param {HTMLElement} button @param {Message} message */
  #show(button, message) {
    const { q, target } = this.search.question;
    const where = target ? "" : this.#placeOf(message.target);
    button.onclick = () => this.#go(message);
    if (message.id === this.#chosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    const signature = JSON.stringify([message.msg, message.name, message.avatar, q, where, language.code, dayNumber(Date.now())]);
    if (this.#shown.get(button) === signature) return;
    this.#shown.set(button, signature);
    showAvatar(part(button, "avatar"), { id: message.fromId, name: message.name, avatar: message.avatar });
    setText(part(button, "name"), message.name);
    const place = part(button, "where");
    place.hidden = !where;
    setText(place, where);
    const time = part(button, "time");
    setText(time, moment(message.time));
    time.dateTime = new Date(message.time).toISOString();
    time.title = fullTime(message.time);
    part(button, "text").replaceChildren(...excerpt(message.msg, q).map(stretch));
  }

  /** What the conversation is called. @param {string} target */
  #placeOf(target) {
    const channel = this.store.channels.get(target);
    return channel?.kind === "private" ? t("search.private", channel) : (channel?.name ?? "");
  }

  /** @param {Message} message */
  #go({ id, target, seq }) {
    if (!this.store.channels.has(target)) {
      showNotice(t("error.1005"), true);
      return;
    }
    this.#chosen = id;
    this.open(target, seq);
    this.render();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const inField = event.target === this.#field;
    const buttons = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll("button")]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const walk = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape") this.layout.show(null);
    else if (walk === undefined || (inField ? event.key !== "ArrowDown" : at < 0)) return;
    else if (walk < 0) this.#field.focus();
    else buttons[Math.min(walk, buttons.length - 1)]?.focus();
    event.preventDefault();
  }
}

/** @param {import("../lib/search-highlight.js").Stretch} stretch @returns {Node | string} */
function stretch({ text, hit }) {
  return hit ? Object.assign(document.createElement("mark"), { textContent: text }) : text;
}

/** The clock, with the day before it unless it is today. @param {number} time */
function moment(time) {
  const now = Date.now();
  return dayNumber(time) === dayNumber(now) ? clock(time) : `${shortTime(time, now)} ${clock(time)}`;
}
