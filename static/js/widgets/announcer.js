/** Says new messages of the open channel to screen readers, politely and once; counts the unread in the title. */
/** @import { Message } from "../protocol.js" @import { Store } from "../store.js" */
import { byId, soon } from "../dom.js";
import { t } from "../i18n.js";
import { quoteText } from "./message.js";

const KEPT = 5;
/** What comes within this time is said together, */
const TOGETHER = 700;
/** and if it is more than so many messages, only counted: nobody listens to a flood. */
const READ_OUT = 3;

export class Announcer {
  /** @type {Message[]} */ #waiting = [];
  #log = byId("announcer");

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.title = document.title;
    store.addEventListener("message", (event) => {
      const message = /** @type {CustomEvent} */ (event).detail;
      if (message.target !== store.current) return;
      if (this.#waiting.length === 0) setTimeout(() => this.#say(), TOGETHER);
      this.#waiting.push(message);
    });
    const count = soon(() => this.#count());
    store.addEventListener("channels", count);
    store.addEventListener("current", count);
  }

  #say() {
    const messages = this.#waiting.splice(0).filter(({ target }) => target === this.store.current);
    const lines = messages.map((message) => t("message.announced", { name: message.name, text: quoteText(message) }));
    const said = lines.length > READ_OUT ? [t("timeline.newMessages", { n: lines.length })] : lines;
    for (const textContent of said) this.#log.append(Object.assign(document.createElement("p"), { textContent }));
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
