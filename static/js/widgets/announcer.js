/** Says new messages of the open channel to screen readers, politely and once; counts the unread in the title. */
/** @import { Store } from "../store.js" */
import { byId, soon } from "../dom.js";
import { t } from "../i18n.js";
import { quoteText } from "./message.js";

const KEPT = 5;

export class Announcer {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.title = document.title;
    const log = byId("announcer");
    store.addEventListener("message", (event) => {
      const message = /** @type {CustomEvent} */ (event).detail;
      if (message.target !== store.current) return;
      const line = document.createElement("p");
      line.textContent = t("message.announced", { name: message.name, text: quoteText(message) });
      log.append(line);
      while (log.childElementCount > KEPT) log.firstElementChild.remove();
    });
    const count = soon(() => this.#count());
    store.addEventListener("channels", count);
    store.addEventListener("current", count);
  }

  #count() {
    const unread = [...this.store.channels.values()].reduce((sum, channel) => sum + channel.unread, 0);
    const name = this.store.channel?.name;
    const base = name ? `${name} · imsite` : this.title;
    document.title = unread ? `(${unread}) ${base}` : base;
  }
}
