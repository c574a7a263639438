/**
 * Decides which parts of the chat are visible: on a phone either the sidebar or the channel, and at most one side panel.
 * The address contains the open channel, so that the browser's back button and a phone's back gesture work.
 *
 * @import { Place } from "../lib/permalinks.js"
 * @import { SeenPlace } from "../net/conversation.js"
 * @typedef {"details" | "search" | "thread" | "threads" | "saved" | "unread" | "drafts"} PanelName
 * @typedef {{user?: string, fromList?: boolean, panel?: boolean, view?: PanelName | null, thread?: string, seen?: SeenPlace | null} | null} HistoryState
 *   `user`: the id of the user whose entry it is; `fromList`: the previous entry shows the list; `panel`: this entry is an open panel over the timeline. Of a wide window,
 *   `view`: the panel beside the timeline, and `thread`: the one that it shows. `seen`: the place in view; null: the end
 */
import { byId, find, isVisible } from "../lib/dom.js";
import { formatPlace, parsePlace } from "../lib/permalinks.js";

const DETAILS_KEY = "im.details";
const PHONE = "(max-width: 639px)";
const NARROW = "(max-width: 899px)";
const WIDE = "(min-width: 1200px)";
/** @type {PanelName[]} */
const PANELS = ["details", "search", "thread", "threads", "saved", "unread", "drafts"];

export class Layout {
  #chat = byId("chat");
  /** The open panel. @type {PanelName | null} */ #panel = null;
  /** The id of the user, who sees nothing of what the history entries of others remember. */ userId = "";
  #isGoingBack = false;
  /** The panel to open once the browser has gone back. @type {PanelName | null} */ #panelAfterBack = null;
  /** The element that had the focus before the panel. @type {HTMLElement | null} */ #focusOrigin = null;

  /**
   * @param {{onPanelShown: (panel: PanelName) => void,
   *   navigate: (place: Place | null, isPanelClosed: boolean) => void}} callbacks
   *   `navigate`: the user has gone back or forward to this place; null: to the list; or a panel over it has been closed
   */
  constructor({ onPanelShown, navigate }) {
    this.onPanelShown = onPanelShown;
    for (const name of PANELS) {
      toggleOf(name)?.addEventListener("click", () => this.togglePanel(name));
      const panel = byId(name);
      find(panel, "[data-part=close]").addEventListener("click", () => this.closePanel());
      panel.addEventListener("focusin", ({ relatedTarget }) => {
        if (relatedTarget instanceof HTMLElement && panel.contains(relatedTarget)) return;
        this.#focusOrigin = relatedTarget instanceof HTMLElement ? relatedTarget : null;
      });
    }
    byId("back-button").addEventListener("click", () => {
      if (this.state?.fromList) history.back();
      else this.showList();
    });
    // A panel over the timeline has a history entry of its own; `navigate` to its channel closes it.
    addEventListener("popstate", () => {
      const next = this.#panelAfterBack;
      const isPanelClosed = this.#isGoingBack || this.isPanelOverTimeline;
      this.#isGoingBack = false;
      this.#panelAfterBack = null;
      if (this.isOpen) navigate(this.place, isPanelClosed);
      if (this.isOpen && next) this.showPanel(next);
    });
    visualViewport?.addEventListener("resize", fitAboveKeyboard);
    matchMedia(NARROW).addEventListener("change", (event) => event.matches && this.#setPanel(null));
  }

  get isOpen() {
    return !this.#chat.hidden;
  }

  get isPhone() {
    return matchMedia(PHONE).matches;
  }

  /** True if panels lie over the timeline, with history entries of their own. */
  get isNarrow() {
    return matchMedia(NARROW).matches;
  }

  /** True if the channel is visible: on a phone, the list may take its place. */
  get isChannelVisible() {
    return !this.isPhone || this.#chat.dataset.view === "channel";
  }

  get isPanelOverTimeline() {
    return this.#panel !== null && this.isNarrow;
  }

  /** The place that the address names. @returns {Place | null} */
  get place() {
    return parsePlace(location.hash);
  }

  /** The state that the history entry remembers. @returns {HistoryState} */
  get state() {
    /** @type {HistoryState} */
    const state = history.state;
    return state?.user === this.userId ? state : null;
  }

  /** True if the details are open beside the channel: as the user left them, initially in a wide window. */
  get #prefersDetails() {
    const choice = localStorage.getItem(DETAILS_KEY);
    return !this.isNarrow && (choice ? choice === "open" : matchMedia(WIDE).matches);
  }

  open() {
    this.#chat.hidden = false;
    this.#setPanel(this.#prefersDetails ? "details" : null, { isRemembered: false });
  }

  close() {
    this.#chat.hidden = true;
  }

  /** Show a channel. @param {Place} place @param {"push" | "replace" | "keep"} historyMode  `keep`: the address has changed already */
  showChannel(place, historyMode) {
    const fromList = this.#chat.dataset.view === "list";
    this.#chat.dataset.view = "channel";
    if (this.isPanelOverTimeline) this.#setPanel(null);
    const address = `${location.pathname}${location.search}${formatPlace(place)}`;
    const { state } = this;
    const isCurrentChannel = this.place?.target === place.target;
    const isCurrent = isCurrentChannel && this.place?.seq === place.seq;
    const view = this.#rememberedView;
    if (historyMode === "replace") this.#replaceState({ ...(isCurrent ? state : null), fromList: isCurrentChannel && state?.fromList, ...view }, address);
    else if (historyMode === "push" && state?.panel) {
      if (isCurrentChannel) this.#goBack();
      else this.#replaceState({ fromList: fromList || state.fromList }, address);
    } else if (historyMode === "push" && !isCurrent) this.#pushState({ fromList, ...view }, address);
  }

  /** Remember in the history entry which messages are in view. @param {SeenPlace | null} seen */
  keepPlace(seen) {
    this.#replaceState({ ...this.state, seen });
  }

  /** Remember in the history entry which thread is open. @param {string | undefined} thread its id */
  keepThread(thread) {
    this.#replaceState({ ...this.state, thread });
  }

  /** Show the panel that a history entry of a wide window remembers. @param {HistoryState} state */
  restoreView(state) {
    if (state?.view !== undefined && !this.isNarrow && state.view !== this.#panel) this.#setPanel(state.view);
  }

  /** The part of a history entry of a wide window that remembers the panel. */
  get #rememberedView() {
    return this.isNarrow ? {} : { view: this.#panel };
  }

  showList() {
    this.#chat.dataset.view = "list";
    if (this.isPanelOverTimeline) this.#setPanel(null);
    if (location.hash) this.#replaceState({}, location.pathname + location.search);
  }

  /** @param {PanelName} name */
  togglePanel(name) {
    if (this.#panel === name) this.closePanel();
    else this.showPanel(name);
  }

  /** Open a panel as the user's choice, which is remembered and can be undone by going back. @param {PanelName} name */
  showPanel(name) {
    if (this.#isGoingBack) {
      this.#panelAfterBack = name;
      return;
    }
    const { isNarrow } = this;
    if (isNarrow && !this.#panel) this.#pushState({ ...this.state, panel: true });
    else if (!isNarrow && name === "details") localStorage.setItem(DETAILS_KEY, "open");
    this.#setPanel(name);
    if (name === "details" && isNarrow) find(byId(name), "[data-part=close]").focus();
  }

  /** Close the panel as the user's choice. */
  closePanel() {
    const { isNarrow } = this;
    if (isNarrow && this.state?.panel) this.#goBack();
    else if (!isNarrow && this.#panel === "details") localStorage.setItem(DETAILS_KEY, "closed");
    this.#setPanel(null);
  }

  /** Hide a panel that has nothing to show any more. @param {PanelName} name */
  hidePanel(name) {
    if (this.#panel === name) this.#setPanel(null);
  }

  /** @param {HistoryState} state @param {string} [address] */
  #pushState(state, address) {
    history.pushState({ ...state, user: this.userId }, "", address);
  }

  /** @param {HistoryState} state @param {string} [address] */
  #replaceState(state, address) {
    history.replaceState({ ...state, user: this.userId }, "", address);
  }

  /** Leave the history entry of a panel. The browser tells later that it has. */
  #goBack() {
    this.#isGoingBack = true;
    history.back();
  }

  /** On a phone, also show the list. @param {HTMLElement} field */
  focusFilter(field) {
    if (this.isPhone) this.showList();
    field.focus();
  }

  /**
   * @param {PanelName | null} name  null: closes the panel; the details that another one has replaced come back
   * @param {{isRemembered?: boolean}} [options]  `isRemembered`: in the history entry
   */
  #setPanel(name, { isRemembered = true } = {}) {
    const previous = this.#panel;
    const next = name ?? (previous && previous !== "details" && this.#prefersDetails ? "details" : null);
    const hadFocus = previous !== null && byId(previous).contains(document.activeElement);
    for (const panel of PANELS) {
      byId(panel).hidden = panel !== next;
      toggleOf(panel)?.setAttribute("aria-expanded", String(panel === next));
    }
    this.#panel = next;
    if (isRemembered && !this.isNarrow) this.#replaceState({ ...this.state, ...this.#rememberedView });
    if (next) {
      this.#chat.dataset.panel = next;
      this.onPanelShown(next);
    } else delete this.#chat.dataset.panel;
    if (!name && hadFocus) this.#restoreFocus(previous);
  }

  /** @param {PanelName} closedPanel */
  #restoreFocus(closedPanel) {
    const origin = this.#focusOrigin;
    (origin && isVisible(origin) ? origin : toggleOf(closedPanel) ?? byId("composer")).focus();
  }
}

/** Return the button that opens and closes a panel. A thread has none. @param {PanelName} name */
function toggleOf(name) {
  return document.getElementById(`${name}-toggle`);
}

/** Make the page smaller where the keyboard covers it and the browser does not. */
function fitAboveKeyboard() {
  const { height, scale } = /** @type {VisualViewport} */ (visualViewport);
  const isCovered = scale === 1 && height < innerHeight - 1;
  document.body.style.height = isCovered ? `${height}px` : "";
  if (isCovered) scrollTo(0, 0);
}
