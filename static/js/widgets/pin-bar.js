/** The line above the timeline that keeps pinned messages in sight: one at a time, a click goes there and shows the next. */
/**
 * @import { Conversation } from "../net/conversation.js"
 * @import { Pins } from "../state/pins.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { quoteText } from "./message.js";

export class PinBar {
  #bar = byId("pin-bar");
  #at = 0;
  #shown = "";

  /** @param {{pins: Pins, conversation: Conversation}} parts */
  constructor({ pins, conversation }) {
    this.pins = pins;
    this.conversation = conversation;
    pins.addEventListener("change", () => this.render());
    language.addEventListener("change", () => this.render());
    part(this.#bar, "go").addEventListener("click", () => this.#go());
  }

  render() {
    const { messages } = this.pins;
    const ids = messages.map(({ id }) => id).join();
    if (ids !== this.#shown) this.#at = 0;
    this.#shown = ids;
    const message = messages[this.#at];
    this.#bar.hidden = !message;
    if (!message) return;
    setText(part(this.#bar, "name"), message.name);
    setText(part(this.#bar, "text"), quoteText(message));
    setText(part(this.#bar, "count"), messages.length > 1 ? `${this.#at + 1}/${messages.length}` : "");
    part(this.#bar, "go").setAttribute("aria-label", t("pin.go", { name: message.name, text: quoteText(message) }));
  }

  #go() {
    const message = this.pins.messages[this.#at];
    if (!message) return;
    this.conversation.reveal(message.target, message.seq);
    this.#at = (this.#at + 1) % this.pins.messages.length;
    this.render();
  }
}
