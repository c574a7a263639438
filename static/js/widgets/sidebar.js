/**
 * The sidebar's tabs, channels and contacts, and the filter field above them.
 *
 * @import { Store } from "../net/state/store.js"
 * @import { ChannelList } from "./channel-list.js"
 * @import { ContactList } from "./contact-list.js"
 * @typedef {"channels" | "contacts"} SidebarTab
 */
import { byId, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { throttleRender } from "../lib/throttle.js";

/** @type {SidebarTab[]} */
const TABS = ["channels", "contacts"];

export class Sidebar {
  /** @type {SidebarTab} */ #tab = "channels";
  #tabList = byId("sidebar-tabs");

  /** @param {{store: Store, channelList: ChannelList, contactList: ContactList}} deps */
  constructor({ store, channelList, contactList }) {
    this.store = store;
    this.channelList = channelList;
    this.contactList = contactList;
    this.filter = channelList.filter;
    const render = throttleRender(() => this.render());
    store.on("me", render);
    store.on("contacts", render);
    language.on("change", render);
    for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => this.show(tab));
    this.#tabList.addEventListener("keydown", (event) => {
      if (event.altKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      event.preventDefault();
      this.toggle();
      byId(`tab-${this.#tab}`).focus();
    });
    this.filter.addEventListener("keydown", (event) => this.#onFilterKey(event));
  }

  /** @param {SidebarTab} tab */
  show(tab) {
    if (tab !== this.#tab) this.filter.value = "";
    this.#tab = tab;
    this.render();
    this.channelList.render();
    this.contactList.render();
  }

  /** Switch to the other tab. */
  toggle() {
    if (!this.#tabList.hidden) this.show(this.#tab === "channels" ? "contacts" : "channels");
  }

  render() {
    // Guests have no contacts.
    const hasTabs = this.store.me?.kind === "person";
    this.#tabList.hidden = !hasTabs;
    if (!hasTabs) this.#tab = "channels";
    for (const tab of TABS) {
      const button = byId(`tab-${tab}`);
      button.setAttribute("aria-selected", String(tab === this.#tab));
      button.tabIndex = tab === this.#tab ? 0 : -1;
      byId(`panel-${tab}`).hidden = tab !== this.#tab;
    }
    const { size } = this.store.contacts.incoming;
    const badge = part(byId("tab-contacts"), "badge");
    badge.hidden = size === 0;
    setText(badge, String(size));
    badge.setAttribute("aria-label", t("contacts.incoming", { n: size }));
    const hint = t(this.#tab === "channels" ? "sidebar.filter" : "contacts.filter");
    this.filter.placeholder = hint;
    this.filter.setAttribute("aria-label", hint);
  }

  /** Handle the keys of the contacts tab; ChannelList handles those of the other. @param {KeyboardEvent} event */
  #onFilterKey(event) {
    if (this.#tab !== "contacts" || isInputMethodKey(event)) return;
    if (event.key === "Enter") this.contactList.firstButton?.click();
    else if (event.key === "ArrowDown") this.contactList.firstButton?.focus();
    else if (event.key === "Escape") {
      this.filter.value = "";
      this.contactList.render();
    } else return;
    event.preventDefault();
  }
}
