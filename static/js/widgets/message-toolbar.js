/**
 * The toolbar of a message (react, reply, reply in its thread, edit, copy, recall, more), the keys for the same actions, and moving between messages
 * by keyboard. Each list has one toolbar: it moves to the message under the pointer, under a long press, or with the focus.
 *
 * @import { Store } from "../net/state/store.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 * @typedef {{list: HTMLElement, scroller: HTMLElement, rowOf: (element: Element) => MessageRow | null}} MessageList
 * @typedef {{react: (row: MessageRow, button: HTMLElement) => void, reply?: (row: MessageRow) => void,
 *   thread?: (row: MessageRow, button: HTMLElement) => void, edit: (row: MessageRow) => void, copy: (row: MessageRow) => void,
 *   recall: (row: MessageRow) => void, save: (row: MessageRow) => void, more: (row: MessageRow, button: HTMLElement) => void}} MessageActions
 * @typedef {Exclude<keyof MessageActions, "save">} MessageAction  an action with a button; `save` is in the menu
 */
import { cloneTemplate, part, targetOf } from "../lib/dom.js";
import { language, translateElements } from "../lib/i18n.js";
import { hasText, isEditable, messageText } from "../net/state/message-content.js";
import { canReact, isManager } from "../state/send-permission.js";

const LONG_PRESS_MS = 450;
/** @type {MessageAction[]} */
const ACTIONS = ["react", "reply", "thread", "edit", "copy", "recall", "more"];
/** @type {Record<string, MessageAction>} */
const ACTION_KEYS = { "+": "react", r: "reply", t: "thread", e: "edit", c: "copy", Delete: "recall", Backspace: "recall", m: "more" };

export class MessageToolbar {
  #toolbar = cloneTemplate("template-message-toolbar");
  #longPressTimer = 0;

  /**
   * @param {{timeline: MessageList, store: Store, actions: MessageActions, hasMenu: (row: MessageRow) => boolean}} deps
   *   `hasMenu` returns true if the message has a menu for the action `more`. Actions that are left out are not offered.
   */
  constructor({ timeline, store, actions, hasMenu }) {
    this.timeline = timeline;
    this.store = store;
    this.actions = actions;
    this.hasMenu = hasMenu;
    const { list, scroller } = timeline;
    list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.#moveTo(targetOf(event)));
    list.addEventListener("pointermove", (event) => {
      // A message that was pending when the pointer came may have a toolbar now.
      if (event.pointerType === "mouse" && !this.#toolbar.isConnected) this.#moveTo(targetOf(event));
    });
    list.addEventListener("rendered", () => this.#refresh());
    list.addEventListener("focusin", (event) => {
      // Under a finger on a button of the message it would take the click.
      if (targetOf(event).matches(".message, :focus-visible")) this.#moveTo(targetOf(event));
    });
    list.addEventListener("pointerdown", (event) => this.#startLongPress(event));
    for (const type of /** @type {const} */ (["pointerup", "pointercancel", "pointermove"])) {
      list.addEventListener(type, (event) => event.pointerType !== "mouse" && clearTimeout(this.#longPressTimer));
    }
    list.addEventListener("contextmenu", (event) => {
      // A long press opens the toolbar, except on elements for which the browser has a menu of its own.
      const hasBrowserMenu = targetOf(event).closest("a, img, audio, video") !== null;
      if (event instanceof PointerEvent && event.pointerType === "touch" && !hasBrowserMenu) event.preventDefault();
    });
    scroller.addEventListener("scroll", () => clearTimeout(this.#longPressTimer), { passive: true });
    scroller.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.#hide());
    scroller.addEventListener("keydown", (event) => this.#onKey(event));
    this.#toolbar.addEventListener("click", (event) => this.#onClick(event));
    language.on("change", () => translateElements(this.#toolbar));
  }

  /** The actions that the user can carry out on a message. @param {MessageRow} row @returns {MessageAction[]} */
  #possibleActions(row) {
    const { state, isOwn, message } = row;
    const { channel } = this.store;
    if (state !== "sent" || message.recalled || !channel) return [];
    /** @type {Record<MessageAction, boolean>} */
    const isPossible = {
      react: canReact(channel, this.store.contacts, Date.now()),
      reply: !channel.closed,
      thread: !channel.closed || Boolean(row.thread ?? message.threadId),
      edit: !channel.closed && isOwn && isEditable(message),
      copy: hasText(message.type) && messageText(message) !== "",
      recall: isOwn || isManager(channel.role),
      more: this.hasMenu(row),
    };
    return ACTIONS.filter((action) => this.actions[action] && isPossible[action]);
  }

  /** @param {Element} element within a message, or elsewhere to hide the toolbar */
  #moveTo(element) {
    const row = this.timeline.rowOf(element);
    const message = element.closest(".message");
    const actions = row ? this.#possibleActions(row) : [];
    if (!message || actions.length === 0) {
      this.#hide();
      return;
    }
    for (const action of ACTIONS) part(this.#toolbar, action).hidden = !actions.includes(action);
    if (this.#toolbar.parentElement === message) return;
    this.#hide();
    message.append(this.#toolbar);
    message.classList.add("active");
  }

  #hide() {
    this.#toolbar.closest(".message")?.classList.remove("active");
    this.#toolbar.remove();
  }

  /** Update the toolbar after a rendering, which may have changed the possible actions. */
  #refresh() {
    const message = /** @type {HTMLElement | null} */ (this.#toolbar.closest(".message"));
    if (!this.#toolbar.isConnected || !message) return;
    const hadFocus = this.#toolbar.contains(document.activeElement);
    this.#moveTo(message);
    // Keyboard users must not lose their place.
    if (hadFocus && !this.#toolbar.contains(document.activeElement)) message.focus({ preventScroll: true });
  }

  /** @param {PointerEvent} event */
  #startLongPress(event) {
    if (event.pointerType === "mouse") return;
    clearTimeout(this.#longPressTimer);
    const target = targetOf(event);
    if (this.#toolbar.contains(target)) return;
    this.#hide();
    this.#longPressTimer = setTimeout(() => this.#moveTo(target), LONG_PRESS_MS);
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const action = targetOf(event).closest("button")?.dataset.part;
    const row = this.timeline.rowOf(this.#toolbar);
    if (action && row) this.#run(/** @type {MessageAction} */ (action), row);
  }

  /** @param {MessageAction} action @param {MessageRow} row */
  #run(action, row) {
    if (this.#possibleActions(row).includes(action)) this.actions[action]?.(row, part(this.#toolbar, action));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    // Players use the same keys.
    if (targetOf(event).matches("input, video, audio")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || this.#moveFocus(event)) return;
    const { activeElement } = document;
    const row = activeElement?.matches(".message") ? this.timeline.rowOf(activeElement) : null;
    const action = ACTION_KEYS[event.key];
    if (!row || !(action || event.key === "s")) return;
    event.preventDefault();
    if (action) this.#run(action, row);
    else this.actions.save(row);
  }

  /** Move the focus between messages. @param {KeyboardEvent} event @returns {boolean} whether the key was for that */
  #moveFocus(event) {
    /** @type {HTMLElement[]} */
    const stops = [...this.timeline.list.querySelectorAll(/** @type {"p"} */ (".message, .system-note"))];
    const last = stops.length - 1;
    const current = stops.findIndex((stop) => stop.contains(document.activeElement));
    const next = { ArrowUp: current < 0 ? last : current - 1, ArrowDown: current + 1, Home: 0, End: last }[event.key];
    if (next === undefined || (current < 0 && event.key !== "ArrowUp")) return false;
    event.preventDefault();
    const stop = stops[Math.max(0, Math.min(next, last))];
    stop?.focus({ preventScroll: true });
    stop?.scrollIntoView({ block: "nearest" });
    return true;
  }
}
