/**
 * Notifies the user of new messages while the page is open and the user looks at something else.
 *
 * Several tabs of a browser show the same notification; its tag makes them one.
 * @import { LoggedMessage } from "../net/state/channel-log.js"
 * @import { NotificationSettings } from "../state/notification-settings.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Threads } from "../net/state/threads.js"
 * @import { WebPush } from "../page/web-push.js"
 * @typedef {{message: LoggedMessage, waits: number}} Collected  `waits`: times that it may still wait for its channel
 */
import { find } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { messageSummary } from "./message.js";

/** Messages within this time are shown together. */
const COLLECT_MS = 700;
/** Times that a message waits for its channel, which the page may have to load. */
const MAX_WAITS = 20;
/** More messages at once, such as those that were missed, become one notification. */
const MAX_AT_ONCE = 3;

/** True if this browser can show notifications of a page. Some phones cannot. */
export const canNotify = "Notification" in window && !/Android/.test(navigator.userAgent);

export class Notifications {
  /** @type {Collected[]} */ #collected = [];
  /** Shown notifications with their message. @type {Map<Notification, LoggedMessage>} */ #shown = new Map();

  /**
   * @param {{store: Store, threads: Threads, settings: NotificationSettings, webPush: Pick<WebPush, "isOn">,
   *   open: (target: string, seq: number) => void}} deps
   *   `webPush`: if it is on, its service worker notifies the user instead
   */
  constructor({ store, threads, settings, webPush, open }) {
    this.store = store;
    this.threads = threads;
    this.settings = settings;
    this.webPush = webPush;
    this.open = open;
    if (!canNotify) return;
    store.on("added", (message) => this.#onMessage(message));
    store.on("recalled", ({ id }) => this.#forget(id));
    store.on("channels", throttleRender(() => this.#close((message) => this.#isRead(message))));
    addEventListener("focus", () => this.#close(({ target }) => target === store.currentTarget));
  }

  /** Close all notifications, for a user who has left. */
  clear() {
    this.#collected = [];
    this.#close(() => true);
  }

  /** @param {LoggedMessage} message */
  #onMessage(message) {
    const isOwn = message.fromId === this.store.me?.id;
    // The browser looks up the permission in another process, so it is asked last.
    if (isOwn || this.webPush.isOn || document.hasFocus() || Notification.permission !== "granted") return;
    this.#collected.push({ message, waits: MAX_WAITS });
    if (this.#collected.length === 1) this.#showLater();
  }

  /** Close the notification of a recalled message, or show none. @param {string} id */
  #forget(id) {
    this.#collected = this.#collected.filter(({ message }) => message.id !== id);
    this.#close((message) => message.id === id);
  }

  /** In the meantime another device may read them, and the page load a channel that is new. */
  #showLater() {
    setTimeout(() => this.#showCollected(), COLLECT_MS);
  }

  #showCollected() {
    const isKnown = (/** @type {Collected} */ { message }) => this.store.channels.has(message.target);
    const messages = this.#collected.filter(isKnown).map(({ message }) => message).filter((message) => this.#isWanted(message));
    this.#collected = this.#collected.filter((one) => !isKnown(one) && --one.waits > 0);
    if (this.#collected.length) this.#showLater();
    const last = messages.at(-1);
    if (!last) return;
    if (messages.length > MAX_AT_ONCE) {
      this.#show(last, { title: t("timeline.newMessages", { n: messages.length }), body: "", tag: "several" });
    } else for (const message of messages) this.#show(message, { ...this.#texts(message), tag: message.id });
  }

  /** @param {LoggedMessage} message */
  #isWanted(message) {
    const channel = this.store.channels.get(message.target);
    const followsThread = Boolean(message.threadId && this.threads.of({ id: message.threadId })?.follows);
    return !this.#isRead(message) && this.settings.includes(message, { channel, followsThread });
  }

  /** @param {LoggedMessage} message */
  #texts(message) {
    const channel = this.store.channels.get(message.target);
    const isPrivate = channel?.kind === "private";
    const title = isPrivate || !channel ? message.name : t("notifications.from", { name: message.name, channel: channel.name });
    const body = this.settings.current.showsText ? messageSummary(message) : t("notifications.hiddenText");
    return { title, body };
  }

  /** @param {LoggedMessage} message @param {{title: string, body: string, tag: string}} texts */
  #show(message, { title, body, tag }) {
    const icon = find(document, "link[rel=icon]", HTMLLinkElement).href;
    const notification = new Notification(title, { body, tag, icon, silent: !this.settings.current.sound });
    this.#shown.set(notification, message);
    notification.onclose = () => this.#shown.delete(notification);
    notification.onclick = () => {
      window.focus();
      notification.close();
      this.open(message.target, message.seq);
    };
  }

  /** @param {LoggedMessage} message */
  #isRead({ target, seq, threadOnly }) {
    const channel = this.store.channels.get(target);
    return !channel || (!threadOnly && seq <= channel.readSeq);
  }

  /** @param {(message: LoggedMessage) => boolean} isDone */
  #close(isDone) {
    for (const [notification, message] of this.#shown) {
      if (!isDone(message)) continue;
      this.#shown.delete(notification);
      notification.close();
    }
  }
}
