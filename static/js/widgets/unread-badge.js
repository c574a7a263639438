/**
 * Shows in the browser's tab that there are unread messages: their number in the title, and a dot on the icon.
 *
 * @import { Channel } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 */
import { isolate } from "../lib/bidi.js";
import { find } from "../lib/dom.js";
import { throttleRender } from "../lib/throttle.js";
import { shownUnread } from "../state/channel-notifications.js";

export class UnreadBadge {
  #initialTitle = document.title;
  #icon = find(document, "link[rel=icon]", HTMLLinkElement);
  #iconUrl = this.#icon.href;

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    const render = throttleRender(() => this.#render());
    store.on("channels", render);
    store.on("current", render);
  }

  #render() {
    const count = (/** @type {Channel} */ channel) => Math.max(shownUnread(channel), channel.mentions);
    const unread = [...this.store.channels.values()].reduce((sum, channel) => sum + count(channel), 0);
    const name = this.store.channel?.name;
    const title = name ? `${isolate(name)} · imsite` : this.#initialTitle;
    const text = unread ? `(${unread}) ${title}` : title;
    if (document.title !== text) document.title = text;
    const url = unread ? (this.#icon.dataset.unread ?? this.#iconUrl) : this.#iconUrl;
    if (this.#icon.href !== url) this.#icon.href = url;
  }
}
