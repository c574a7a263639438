/**
 * Opens channels and messages, and keeps the browser's address and history in step with what is shown: going back leads
 * to the same channel, panel and place in its messages.
 *
 * @import { Channel, Message } from "./net/wire-types.js"
 * @import { Conversation } from "./net/conversation.js"
 * @import { ThreadConversation } from "./net/thread-conversation.js"
 * @import { Store } from "./net/state/store.js"
 * @import { Place } from "./lib/permalinks.js"
 * @import { HistoryState, Layout } from "./widgets/layout.js"
 * @import { Timeline } from "./widgets/timeline.js"
 */
import { targetOf } from "./lib/dom.js";
import { t } from "./lib/i18n.js";
import { placeOfLink } from "./lib/permalinks.js";
import { showToast } from "./widgets/toast.js";

/** Browsers refuse an address that changes more often than about three times a second. */
const KEEP_PLACE_DELAY_MS = 500;

export class Navigation {
  #keepPlaceTimer = 0;
  /** The message of a clicked notification that the page does not know yet. @type {{target: string, seq: number} | null} */ #notified = null;

  /**
   * @param {{store: Store, layout: Layout, timeline: Timeline, conversation: Conversation,
   *   threadConversation: ThreadConversation, focusComposer: () => void, openSettings: (hash: string) => boolean}} deps
   *   `openSettings`: opens the settings if the address names them; returns whether it does
   */
  constructor({ store, layout, timeline, conversation, threadConversation, focusComposer, openSettings }) {
    this.openSettings = openSettings;
    this.store = store;
    this.layout = layout;
    this.timeline = timeline;
    this.conversation = conversation;
    this.threadConversation = threadConversation;
    this.focusComposer = focusComposer;
    store.on("channel-left", (channel) => this.#onChannelLeft(channel));
    store.on("channels", () => this.#openKnownNotified());
    conversation.on("reveal", ({ seq }) => {
      const message = store.log?.messages.find((candidate) => candidate.seq === seq);
      if (message?.threadOnly) threadConversation.open(message);
    });
    // Threads are opened beside the timeline, as the view of its history entry.
    threadConversation.on("opened", () => layout.keepThread(threadConversation.current?.id));
    timeline.scroller.addEventListener("scroll", () => this.#keepPlaceSoon(), { passive: true });
    document.addEventListener("click", (event) => this.#onClick(event));
  }

  /** Open a link to a place of this page without leaving it. @param {MouseEvent} event */
  #onClick(event) {
    const isPlain = event.button === 0 && !event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    const link = isPlain ? targetOf(event).closest("a") : null;
    const place = link && placeOfLink(link.href, location);
    // A global channel of another app needs a page of its own.
    if (!place || (link.search && !this.store.channels.has(place.target))) return;
    event.preventDefault();
    this.openPlace(place);
  }

  /** Open a channel, or one of its messages. @param {string} target @param {number} [seq] */
  open(target, seq) {
    this.#notified = null;
    if (!this.store.channels.has(target)) return;
    const isShown = target === this.store.currentTarget && this.layout.isChannelVisible;
    this.#keepPlace();
    this.layout.showChannel({ target, seq: seq ?? null }, "push");
    if (seq !== undefined) this.#openAt(target, seq);
    else if (isShown) this.focusComposer();
    else this.conversation.open(target);
  }

  /** Open the message of a clicked notification as soon as the page knows it: it may have slept until now. @param {string} target @param {number} seq */
  openNotified(target, seq) {
    const isKnown = this.#knows({ target, seq });
    this.open(target, isKnown ? seq : undefined);
    this.#notified = isKnown ? null : { target, seq };
  }

  #openKnownNotified() {
    const message = this.#notified;
    if (message && this.store.currentTarget && this.#knows(message)) this.open(message.target, message.seq);
  }

  /** @param {{target: string, seq: number}} message */
  #knows({ target, seq }) {
    return seq <= (this.store.channels.get(target)?.lastSeq ?? 0);
  }

  /**
   * Open a place that a link or a forwarded message names. A channel that the user may not see is answered like one that
   * does not exist.
   * @param {Pick<Message, "target"> & {seq?: number | null}} place
   */
  openPlace({ target, seq }) {
    if (this.store.channels.has(target)) this.open(target, seq ?? undefined);
    else showNotFound();
  }

  /** Open the place that the address names, else the channel that was open before, else the app's. */
  onSessionLoaded() {
    const { store, layout } = this;
    const { place, state } = layout;
    const { hash } = location;
    if (!layout.isOpen) layout.open();
    const isNamed = place !== null && store.channels.has(place.target);
    const candidates = [store.currentTarget, place?.target, store.app.target];
    const target = candidates.find((candidate) => candidate && store.channels.has(candidate));
    const startsWithList = layout.isPhone && !place && store.channels.size > 1;
    if (!target) return;
    // A session that is loaded anew, as on another app, stays where the user is.
    const isStart = store.currentTarget === null;
    if (isStart && isNamed) this.#restore(place, state);
    else if (isStart || target !== store.currentTarget || !store.log?.isLoaded) this.conversation.open(target);
    if (startsWithList) layout.showList();
    else layout.showChannel(place?.target === target ? place : { target, seq: null }, "replace");
    if (isStart && place && !isNamed) showNotFound();
    this.openSettings(hash);
    this.#openKnownNotified();
  }

  /** The user has gone back or forward. @param {Place | null} place null: to the list @param {boolean} isPanelClosed nothing else has changed */
  onNavigate(place, isPanelClosed) {
    const { store, layout } = this;
    // The place is opened once the channels are loaded.
    if (!store.isChannelListLoaded) return;
    this.#notified = null;
    if (store.currentTarget && this.openSettings(location.hash)) layout.showChannel({ target: store.currentTarget, seq: null }, "replace");
    else if (place && store.channels.has(place.target)) {
      const { state } = layout;
      layout.showChannel(place, "keep");
      if (!isPanelClosed || place.target !== store.currentTarget) this.#restore(place, state);
    } else if (layout.isPhone) layout.showList();
    else if (place) showNotFound();
  }

  /** Show a channel as its history entry remembers it. @param {Place} place @param {HistoryState} state */
  #restore({ target, seq }, state) {
    const { store, conversation, threadConversation, layout } = this;
    const seen = state?.seen;
    if (seen) conversation.openAtPlace(target, seen);
    else if (seq !== null && seen === undefined) this.#openAt(target, seq);
    else if (target !== store.currentTarget) conversation.open(target);
    else if (seen === null) this.timeline.jumpToLatest();
    if (state?.view === "thread" && state.thread && !layout.isNarrow) threadConversation.open({ target, id: state.thread });
    else layout.restoreView(state);
  }

  /** @param {string} target @param {number} seq */
  async #openAt(target, seq) {
    const isFound = await this.conversation.openAt(target, seq);
    if (!isFound && target === this.store.currentTarget) showNotFound();
  }

  /** Open the global channel in place of one that the user is no longer in. @param {Channel} channel */
  #onChannelLeft(channel) {
    const { store, layout } = this;
    if (channel.target !== store.currentTarget) return;
    showToast(t("toast.channelLeft", channel));
    const wasVisible = layout.isChannelVisible;
    this.conversation.open(store.app.target);
    if (wasVisible) layout.showChannel({ target: store.app.target, seq: null }, "replace");
  }

  #keepPlaceSoon() {
    this.#keepPlaceTimer ||= setTimeout(() => this.#keepPlace(), KEEP_PLACE_DELAY_MS);
  }

  /** Remember in the history entry which messages are in view. */
  #keepPlace() {
    clearTimeout(this.#keepPlaceTimer);
    this.#keepPlaceTimer = 0;
    const { store, layout, timeline } = this;
    if (store.log?.isLoaded && layout.isChannelVisible && layout.place?.target === store.currentTarget) layout.keepPlace(timeline.place);
  }
}

function showNotFound() {
  showToast(t("error.1005"), { isError: true });
}
