/**
 * Which parts are to be seen: the columns, on a phone one at a time, and one of the panels beside the timeline. The open
 * channel stands in the address, so that the browser's back button and a phone's back gesture work.
 *
 * @typedef {"details" | "search"} Panel
 */
import { byId } from "../lib/dom.js";

const DETAILS = "im.details";
const PHONE = "(max-width: 639px)";
const NARROW = "(max-width: 899px)";
const WIDE = "(min-width: 1200px)";
const PANELS = /** @type {Panel[]} */ (["details", "search"]);

export class Layout {
  #chat = byId("chat");
  /** The open one. @type {Panel | null} */ #panel = null;
  /** What had the focus before it went into the panel. @type {HTMLElement | null} */ #from = null;

  /** @param {{shown: (panel: Panel) => void, navigate: (target: string | null) => void}} parts */
  constructor({ shown, navigate }) {
    this.shown = shown;
    for (const name of PANELS) {
      byId(`${name}-toggle`).addEventListener("click", () => this.toggle(name));
      const panel = byId(name);
      panel.querySelector("[data-part=close]").addEventListener("click", () => this.show(null));
      panel.addEventListener("focusin", (/** @type {any} */ { relatedTarget: from }) => {
        if (!panel.contains(from)) this.#from = from;
      });
    }
    byId("back").addEventListener("click", () => (history.state?.fromList ? history.back() : this.showList()));
    // A panel that lies over the timeline is a step of its own: back closes it, for `navigate` shows the channel.
    addEventListener("popstate", () => {
      if (this.isOpen) navigate(this.target);
    });
    // Where the keyboard lies over the page instead of making it smaller, the page makes itself smaller.
    visualViewport?.addEventListener("resize", () => {
      const { height, scale } = /** @type {VisualViewport} */ (visualViewport);
      document.body.style.height = scale === 1 && height < innerHeight - 1 ? `${height}px` : "";
      if (document.body.style.height) scrollTo(0, 0);
    });
    matchMedia(NARROW).addEventListener("change", (event) => event.matches && this.show(null, false));
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

  /** A panel is open and lies over the timeline. */
  get liesOver() {
    return this.#panel !== null && matchMedia(NARROW).matches;
  }

  /** The channel that the address names. @returns {string | null} */
  get target() {
    return /^#\d+$/.test(location.hash) ? location.hash.slice(1) : null;
  }

  /** Where there is room: as the person left them, at first on a wide window. */
  get #wantsDetails() {
    const chosen = localStorage.getItem(DETAILS);
    return !matchMedia(NARROW).matches && (chosen ? chosen === "open" : matchMedia(WIDE).matches);
  }

  open() {
    this.#chat.hidden = false;
    this.show(this.#wantsDetails ? "details" : null, false);
  }

  close() {
    this.#chat.hidden = true;
  }

  /** @param {string} target @param {"push" | "replace" | "keep"} how */
  showChannel(target, how) {
    const fromList = this.#chat.dataset.view === "list";
    this.#chat.dataset.view = "channel";
    if (this.liesOver) this.show(null, false);
    const address = `${location.pathname}${location.search}#${target}`;
    const isThere = location.hash === `#${target}`;
    if (how === "replace") history.replaceState({ fromList: isThere && history.state?.fromList }, "", address);
    else if (how === "push" && history.state?.panel) {
      if (isThere) history.back();
      else history.replaceState({ fromList: fromList || history.state.fromList }, "", address);
    } else if (how === "push" && !isThere) history.pushState({ fromList }, "", address);
  }

  showList() {
    this.#chat.dataset.view = "list";
    if (this.liesOver) this.show(null, false);
    if (location.hash) history.replaceState({}, "", location.pathname + location.search);
  }

  /** @param {Panel} name */
  toggle(name) {
    this.show(this.#panel === name ? null : name);
  }

  /** @param {Panel | null} wanted @param {boolean} [byPerson] who shall find it so again, and can go back */
  show(wanted, byPerson = true) {
    const before = this.#panel;
    const isNarrow = matchMedia(NARROW).matches;
    if (byPerson && isNarrow) {
      if (wanted && !before) history.pushState({ ...history.state, panel: true }, "");
      else if (!wanted && history.state?.panel) history.back();
    } else if (byPerson && (wanted === "details" || (before === "details" && !wanted))) localStorage.setItem(DETAILS, wanted ? "open" : "closed");
    // What the search took the place of comes back.
    const next = wanted ?? (before === "search" && this.#wantsDetails ? "details" : null);
    const hadFocus = Boolean(before && byId(before).contains(document.activeElement));
    for (const name of PANELS) {
      byId(name).hidden = name !== next;
      byId(`${name}-toggle`).setAttribute("aria-expanded", String(name === next));
    }
    this.#panel = next;
    if (next) this.#chat.dataset.panel = next;
    else delete this.#chat.dataset.panel;
    if (next) this.shown(next);
    if (next === "details" && wanted && byPerson && isNarrow) byId(next).querySelector("[data-part=close]").focus();
    else if (!wanted && hadFocus && before) this.#focusBack(before);
  }

  /** @param {Panel} panel that is closed now */
  #focusBack(panel) {
    const from = this.#from;
    (from?.checkVisibility() ? from : byId(`${panel}-toggle`)).focus();
  }

  /** @param {HTMLElement} field */
  focusFilter(field) {
    if (this.isPhone) this.showList();
    field.focus();
  }
}
