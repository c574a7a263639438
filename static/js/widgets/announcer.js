/**
 * Announces to screen readers what is otherwise only seen: new messages of the open channel, failed messages, and a lost
 * connection.
 *
 * @import { Message } from "../net/wire-types.js"
 * @import { Outbox } from "../net/outbox.js"
 * @import { Store } from "../net/state/store.js"
 */
import { byId } from "../lib/dom.js";
import { errorReplyText } from "../lib/error-messages.js";
import { t } from "../lib/i18n.js";
import { messageSummary } from "./message.js";

const MAX_LINES = 5;
/** Messages within this time are announced together. */
const COLLECT_MS = 700;
/** More messages at once are only counted. */
const MAX_READ_OUT = 3;

export class Announcer {
  /** @type {Message[]} */ #collected = [];
  #liveRegion = byId("announcer");

  /**
   * @param {Store} store
   * @param {Outbox} outbox
   * @param {(threadId: string | undefined) => boolean} isThreadShown
   */
  constructor(store, outbox, isThreadShown) {
    this.store = store;
    store.on("message", (message) => {
      if (message.target !== store.currentTarget || (message.threadOnly && !isThreadShown(message.threadId))) return;
      if (this.#collected.length === 0) setTimeout(() => this.#announceCollected(), COLLECT_MS);
      this.#collected.push(message);
    });
    outbox.on("failed", ({ refusal }) => {
      this.announce(t("message.failed", { reason: refusal ? errorReplyText(refusal) : "" }));
    });
  }

  /** @param {string} text */
  announce(text) {
    const line = document.createElement("p");
    line.textContent = text;
    this.#liveRegion.append(line);
    while (this.#liveRegion.childElementCount > MAX_LINES) this.#liveRegion.firstElementChild?.remove();
  }

  /** Remove what was announced to a user who has left. */
  clear() {
    this.#collected = [];
    this.#liveRegion.replaceChildren();
  }

  #announceCollected() {
    const messages = this.#collected.splice(0).filter(({ target }) => target === this.store.currentTarget);
    if (messages.length > MAX_READ_OUT) {
      this.announce(t("timeline.newMessages", { n: messages.length }));
      return;
    }
    for (const message of messages) {
      this.announce(t("message.announcement", { name: message.name, text: messageSummary(message) }));
    }
  }
}
