/**
 * Which parts are to be seen: the columns, on a phone one at a time, and the details. The open channel stands in the
 * address, so that the browser's back button and a phone's back gesture work.
 */
import { byId } from "../dom.js";

const DETAILS = "im.details";
const PHONE = "(max-width: 639px)";
const NARROW = "(max-width: 899px)";
const WIDE = "(min-width: 1200px)";

export class Layout {
  #chat = byId("chat");
  #details = byId("details");
  #toggle = byId("details-toggle");

  /** @param {{detailsShown: () => void, navigate: (target: string | null) => void}} parts */
  constructor({ detailsShown, navigate }) {
    this.detailsShown = detailsShown;
    this.#toggle.addEventListener("click", () => this.toggleDetails());
    this.#details.querySelector("[data-part=close]").addEventListener("click", () => this.toggleDetails(false));
    byId("back").addEventListener("click", () => (history.state?.fromList ? history.back() : this.showList()));
    // Details that lie over the timeline are a step of their own: back closes them, for `navigate` shows the channel.
    addEventListener("popstate", () => {
      if (this.isOpen) navigate(this.target);
    });
    // Where the keyboard lies over the page instead of making it smaller, the page makes itself smaller.
    visualViewport?.addEventListener("resize", () => {
      const { height, scale } = /** @type {VisualViewport} */ (visualViewport);
      document.body.style.height = scale === 1 && height < innerHeight - 1 ? `${height}px` : "";
      if (document.body.style.height) scrollTo(0, 0);
    });
    matchMedia(NARROW).addEventListener("change", (event) => event.matches && this.toggleDetails(false, false));
  }

  get isOpen() {
    return !this.#chat.hidden;
  }

  /** Not only the list, as on a phone. */
  get showsChannel() {
    return !this.isPhone || this.#chat.dataset.view === "channel";
  }

  get isPhone() {
    return matchMedia(PHONE).matches;
  }

  /** The details lie over the timeline and are open. */
  get detailsOverlay() {
    return !this.#details.hidden && matchMedia(NARROW).matches;
  }

  /** The channel that the address names. @returns {string | null} */
  get target() {
    return /^#\d+$/.test(location.hash) ? location.hash.slice(1) : null;
  }

  open() {
    this.#chat.hidden = false;
    const chosen = localStorage.getItem(DETAILS);
    this.toggleDetails(!matchMedia(NARROW).matches && (chosen ? chosen === "open" : matchMedia(WIDE).matches), false);
  }

  close() {
    this.#chat.hidden = true;
  }

  /** @param {string} target @param {"push" | "replace" | "keep"} how */
  showChannel(target, how) {
    const fromList = this.#chat.dataset.view === "list";
    this.#chat.dataset.view = "channel";
    if (this.detailsOverlay) this.toggleDetails(false, false);
    const address = `${location.pathname}${location.search}#${target}`;
    const isThere = location.hash === `#${target}`;
    if (how === "replace") history.replaceState({ fromList: isThere && history.state?.fromList }, "", address);
    else if (how === "push" && history.state?.details) history.replaceState({ fromList: history.state.fromList }, "", address);
    else if (how === "push" && !isThere) history.pushState({ fromList }, "", address);
  }

  showList() {
    this.#chat.dataset.view = "list";
    if (this.detailsOverlay) this.toggleDetails(false, false);
    if (location.hash) history.replaceState({}, "", location.pathname + location.search);
  }

  /** @param {boolean} [wanted] @param {boolean} [remember] whether the person did it, who shall find it so again */
  toggleDetails(wanted = this.#details.hidden, remember = true) {
    const liesOver = matchMedia(NARROW).matches;
    const hadFocus = this.#details.contains(document.activeElement);
    if (remember && liesOver) {
      if (wanted) history.pushState({ ...history.state, details: true }, "");
      else if (history.state?.details) history.back();
    } else if (remember) localStorage.setItem(DETAILS, wanted ? "open" : "closed");
    this.#details.hidden = !wanted;
    this.#toggle.setAttribute("aria-expanded", String(wanted));
    this.#chat.dataset.details = wanted ? "open" : "closed";
    if (wanted) this.detailsShown();
    if (wanted && remember && liesOver) this.#details.querySelector("[data-part=close]").focus();
    else if (!wanted && hadFocus) this.#toggle.focus();
  }

  /** @param {HTMLElement} field */
  focusFilter(field) {
    if (this.isPhone) this.showList();
    field.focus();
  }
}
