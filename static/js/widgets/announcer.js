/**
 * Says to screen readers, politely and once, what else is only seen: new messages of the open channel, that one was not
 * sent, that the connection is lost. Counts the unread in the title.
 */
/**
 * @import { Message } from "../net/protocol.js"
 * @import { Outbox } from "../net/outbox.js"
 * @import { Store } from "../state/store.js"
 */
import { byId, soon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { refusalText } from "../lib/error-messages.js";
import { quoteText } from "./message.js";

const KEPT = 5;
/** What comes within this time is said together, */
const TOGETHER = 700;
/** and if it is more than so many messages, only counted: nobody listens to a flood. */
const READ_OUT = 3;

export class Announcer {
  /** @type {Message[]} */ #waiting = [];
  #log = byId("announcer");

  /** @param {Store} store @param {Outbox} outbox */
  constructor(store, outbox) {
    this.store = store;
    this.title = document.title;
    store.addEventListener("message", (event) => {
      const message = /** @type {CustomEvent} */ (event).detail;
      if (message.target !== store.current) return;
      if (this.#waiting.length === 0) setTimeout(() => this.#sayWaiting(), TOGETHER);
      this.#waiting.push(message);
    });
    outbox.addEventListener("failed", (event) => {
      const { refusal } = /** @type {CustomEvent} */ (event).detail;
      this.say(t("message.failed", { reason: refusalText(refusal) }));
    });
    const count = soon(() => this.#count());
    store.addEventListener("channels", count);
    store.addEventListener("current", count);
  }

  #sayWaiting() {
    const messages = this.#waiting.splice(0).filter(({ target }) => target === this.store.current);
    const lines = messages.map((message) => t("message.announced", { name: message.name, text: quoteText(message) }));
    for (const line of lines.length > READ_OUT ? [t("timeline.newMessages", { n: lines.length })] : lines) this.say(line);
  }

  /** @param {string} textContent */
  say(textContent) {
    this.#log.append(Object.assign(document.createElement("p"), { textContent }));
    while (this.#log.childElementCount > KEPT) this.#log.firstElementChild.remove();
  }

  #count() {
    const unread = [...this.store.channels.values()].reduce((sum, channel) => sum + channel.unread, 0);
    const name = this.store.channel?.name;
    const base = name ? `${name} · imsite` : this.title;
    const title = unread ? `(${unread}) ${base}` : base;
    if (document.title !== title) document.title = title;
  }
}
