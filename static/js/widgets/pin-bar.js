/**
 * The bar above the timeline with a pinned message. A click scrolls to the message and shows the next one.
 *
 * @import { Conversation } from "../net/conversation.js"
 * @import { Pins } from "../state/pins.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { messageSummary } from "./message.js";

export class PinBar {
  #bar = byId("pin-bar");
  #index = 0;
  #messageIds = "";

  /** @param {{pins: Pins, conversation: Conversation}} deps */
  constructor({ pins, conversation }) {
    this.pins = pins;
    this.conversation = conversation;
    pins.on("change", () => this.render());
    language.on("change", () => this.render());
    part(this.#bar, "open").addEventListener("click", () => this.#openMessage());
  }

  render() {
    const { messages } = this.pins;
    const messageIds = messages.map(({ id }) => id).join();
    if (messageIds !== this.#messageIds) this.#index = 0;
    this.#messageIds = messageIds;
    const message = messages.at(this.#index);
    this.#bar.hidden = !message;
    if (!message) return;
    const text = messageSummary(message);
    setText(part(this.#bar, "name"), message.name);
    setText(part(this.#bar, "text"), text);
    setText(part(this.#bar, "count"), messages.length > 1 ? `${this.#index + 1}/${messages.length}` : "");
    part(this.#bar, "open").setAttribute("aria-label", t("pin.goTo", { name: message.name, text }));
  }

  #openMessage() {
    const message = this.pins.messages.at(this.#index);
    if (!message) return;
    this.conversation.reveal(message.target, message.seq);
    this.#index = (this.#index + 1) % this.pins.messages.length;
    this.render();
  }
}
