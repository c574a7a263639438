/** The two lists of the sidebar, channels and people, of which one is shown; and what the field above them looks through. */
/**
 * @import { Store } from "../state/store.js"
 * @import { ChannelList } from "./channel-list.js"
 * @import { PeopleList } from "./contact-list.js"
 * @typedef {"channels" | "people"} Tab
 */
import { byId, part, setText, soon } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";

const TABS = /** @type {Tab[]} */ (["channels", "people"]);

export class Sidebar {
  /** @type {Tab} */ tab = "channels";

  /** @param {{store: Store, channels: ChannelList, people: PeopleList}} parts */
  constructor({ store, channels, people }) {
    this.store = store;
    this.channels = channels;
    this.people = people;
    const render = soon(() => this.render());
    for (const type of ["me", "circle"]) store.addEventListener(type, render);
    language.addEventListener("change", render);
    for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => this.show(tab));
    byId("sidebar-tabs").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.altKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      event.preventDefault();
      this.toggle();
      byId(`tab-${this.tab}`).focus();
    });
    channels.filter.addEventListener("keydown", (event) => this.#filterKey(event));
  }

  /** @param {Tab} tab */
  show(tab) {
    if (tab !== this.tab) this.channels.filter.value = "";
    this.tab = tab;
    this.render();
    this.channels.render();
    this.people.render();
  }

  /** The other list. */
  toggle() {
    if (!byId("sidebar-tabs").hidden) this.show(this.tab === "channels" ? "people" : "channels");
  }

  render() {
    const isGuest = this.store.me?.kind !== "person";
    byId("sidebar-tabs").hidden = isGuest;
    if (isGuest) this.tab = "channels";
    for (const tab of TABS) {
      const button = byId(`tab-${tab}`);
      button.setAttribute("aria-selected", String(tab === this.tab));
      button.tabIndex = tab === this.tab ? 0 : -1;
      byId(`panel-${tab}`).hidden = tab !== this.tab;
    }
    const { size } = this.store.circle.asking;
    const badge = part(byId("tab-people"), "badge");
    badge.hidden = size === 0;
    setText(badge, String(size));
    badge.setAttribute("aria-label", t("people.asking", { n: size }));
    const hint = t(this.tab === "channels" ? "sidebar.filter" : "people.filter");
    this.channels.filter.placeholder = hint;
    this.channels.filter.setAttribute("aria-label", hint);
  }

  /** The channels' keys are the channels' own. @param {KeyboardEvent} event */
  #filterKey(event) {
    if (this.tab !== "people" || event.isComposing) return;
    const first = /** @type {HTMLElement | null} */ (this.people.list.querySelector("[data-part=open]:not(:disabled)"));
    if (event.key === "Enter") first?.click();
    else if (event.key === "ArrowDown") first?.focus();
    else if (event.key === "Escape") {
      this.channels.filter.value = "";
      this.people.render();
    } else return;
    event.preventDefault();
  }
}
