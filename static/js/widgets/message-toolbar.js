/**
 * The small bar of a message (reply, edit, copy, recall, more), the keys that do the same, and walking through messages
 * by keyboard. One bar for the whole timeline: it moves to the message that is pointed at, held, or focused.
 */
/**
 * @import { MessageRow } from "../state/timeline-rows.js"
 * @import { Store } from "../state/store.js"
 * @import { Timeline } from "./timeline.js"
 * @typedef {{reply: (row: MessageRow) => void, edit: (row: MessageRow) => void, copy: (row: MessageRow) => void,
 *   recall: (row: MessageRow) => void, more: (row: MessageRow, button: HTMLElement) => void}} MessageActions
 */
import { clone, part } from "../lib/dom.js";
import { apply, language } from "../lib/i18n.js";

const HOLD = 450;
const ALL = /** @type {(keyof MessageActions)[]} */ (["reply", "edit", "copy", "recall", "more"]);
const KEYS = /** @type {Record<string, keyof MessageActions>} */ ({ r: "reply", e: "edit", c: "copy", Delete: "recall", Backspace: "recall", m: "more" });

export class Toolbar {
  #bar = clone("part-toolbar");
  #holdTimer = 0;

  /**
   * @param {Timeline} timeline @param {Store} store @param {MessageActions} does
   * @param {(row: MessageRow) => boolean} hasMore whether there is more that can be done with it
   */
  constructor(timeline, store, does, hasMore) {
    this.hasMore = hasMore;
    this.timeline = timeline;
    this.store = store;
    this.does = does;
    const { list, frame } = timeline;
    list.addEventListener("pointerover", (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && this.#moveTo(event.target));
    // What was still being sent when the pointer came may have a bar now.
    list.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && !this.#bar.isConnected && this.#moveTo(event.target));
    list.addEventListener("rendered", () => this.#refresh());
    list.addEventListener("focusin", (/** @type {FocusEvent} */ event) => this.#moveTo(event.target));
    list.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => this.#hold(event));
    for (const type of ["pointerup", "pointercancel", "pointermove"]) {
      list.addEventListener(type, (/** @type {PointerEvent} */ event) => event.pointerType !== "mouse" && clearTimeout(this.#holdTimer));
    }
    // A finger that holds wants the bar. On a link or a picture it wants what the browser has for them.
    list.addEventListener("contextmenu", (/** @type {PointerEvent} */ event) => {
      const isOwn = /** @type {Element} */ (event.target).closest("a, img, audio") === null;
      if (event.pointerType === "touch" && isOwn) event.preventDefault();
    });
    frame.addEventListener("scroll", () => clearTimeout(this.#holdTimer), { passive: true });
    frame.addEventListener("pointerleave", (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && this.#leave());
    frame.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.#bar.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#click(event));
    language.addEventListener("change", () => apply(this.#bar));
  }

  /** Which of these this person may do with this message. @param {MessageRow} row @returns {(keyof MessageActions)[]} */
  possible(row) {
    const { state, own, message } = row;
    const { channel } = this.store;
    if (state !== "sent" || message.recalled || !channel) return [];
    const open = !channel.closed;
    /** @type {[keyof MessageActions, boolean][]} */
    const all = [
      ["reply", open],
      ["edit", open && own && message.type === "text"],
      ["copy", message.type === "text"],
      ["recall", own || ["owner", "admin"].includes(channel.role ?? "")],
      ["more", this.hasMore(row)],
    ];
    return all.flatMap(([name, may]) => (may ? [name] : []));
  }

  /** @param {EventTarget | null} target */
  #moveTo(target) {
    const element = /** @type {Element} */ (target);
    const row = this.timeline.messageAt(element);
    const article = element.closest(".message");
    const possible = row ? this.possible(row) : [];
    if (!article || possible.length === 0) {
      this.#leave();
      return;
    }
    for (const name of ALL) part(this.#bar, name).hidden = !possible.includes(name);
    if (this.#bar.parentElement !== article) {
      this.#leave();
      article.append(this.#bar);
      article.classList.add("active");
    }
  }

  #leave() {
    this.#bar.closest(".message")?.classList.remove("active");
    this.#bar.remove();
  }

  /** What can be done with the message may have changed, by its recall for one. */
  #refresh() {
    if (!this.#bar.isConnected) return;
    const article = /** @type {HTMLElement} */ (this.#bar.closest(".message"));
    const hadFocus = this.#bar.contains(document.activeElement);
    this.#moveTo(article);
    // Who goes by keyboard stays where they are.
    if (hadFocus && !this.#bar.contains(document.activeElement)) article.focus({ preventScroll: true });
  }

  /** @param {PointerEvent} event */
  #hold(event) {
    if (event.pointerType === "mouse") return;
    clearTimeout(this.#holdTimer);
    const { target } = event;
    if (this.#bar.contains(target)) return;
    this.#leave();
    this.#holdTimer = setTimeout(() => this.#moveTo(target), HOLD);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const name = /** @type {Element} */ (event.target).closest("button")?.dataset.part;
    const row = this.timeline.messageAt(this.#bar);
    if (name && row) this.#do(/** @type {keyof MessageActions} */ (name), row);
  }

  /** @param {keyof MessageActions} name @param {MessageRow} row */
  #do(name, row) {
    if (this.possible(row).includes(name)) this.does[name](row, part(this.#bar, "more"));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    const stops = /** @type {HTMLElement[]} */ ([...this.timeline.list.querySelectorAll(".message, .note")]);
    const at = stops.findIndex((stop) => stop.contains(focused));
    const to = { ArrowUp: at < 0 ? stops.length - 1 : at - 1, ArrowDown: at + 1, Home: 0, End: stops.length - 1 }[event.key];
    if (to !== undefined && (at >= 0 || event.key === "ArrowUp")) {
      event.preventDefault();
      const stop = stops[Math.max(0, Math.min(to, stops.length - 1))];
      stop?.focus({ preventScroll: true });
      stop?.scrollIntoView({ block: "nearest" });
      return;
    }
    const name = KEYS[event.key];
    const row = focused.matches(".message") ? this.timeline.messageAt(focused) : null;
    if (!name || !row) return;
    event.preventDefault();
    this.#do(name, row);
  }
}
