/**
 * The timeline: shows the open channel's messages and keeps the user's place in them while others come and go. Its list
 * dispatches `rendered`.
 *
 * @import { SeenPlace } from "../net/conversation.js"
 * @import { Message } from "../net/wire-types.js"
 * @import { MentionNames } from "../net/state/message-mentions.js"
 * @import { Outbox } from "../net/outbox.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Threads } from "../net/state/threads.js"
 * @import { MessageRow, Row } from "../state/timeline-rows.js"
 * @import { ClickActions } from "./message-clicks.js"
 */
import { byId, cloneTemplate, part, reconcile, setText, targetOf } from "../lib/dom.js";
import { formatDay, formatTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { today } from "../lib/today.js";
import { timelineRows } from "../state/timeline-rows.js";
import { showChannelIntro } from "./channel-intro.js";
import { customEmoji } from "../state/custom-emoji.js";
import { messageText } from "../net/state/message-content.js";
import { mentionNames } from "../net/state/message-mentions.js";
import { savedMarks } from "../state/saved-marks.js";
import { isManager } from "../state/send-permission.js";
import { reloadPictures } from "./attachment-picture.js";
import { showProgress } from "./message-attachments.js";
import { onMessageClick } from "./message-clicks.js";
import { createMessage, renderMessage } from "./message.js";
import { systemNoteText } from "./system-note.js";
import { showTimelinePlaceholder } from "./timeline-placeholder.js";
import { errorText } from "./toast.js";

/** Distances in px: from the end at which the timeline counts as scrolled to it, and from an edge to load more. */
const END_TOLERANCE = 40;
const LOAD_WITHIN = 600;
const READ_TOLERANCE = 4;
/** @type {MentionNames} */
const NO_NAMES = new Map();

export class Timeline {
  #isPinned = true;
  /** The scroller's height; 0: not laid out. Set by an observer, because reading it would force a layout each time. */ #height = 0;
  /** The place to scroll to once the messages are loaded; null: nowhere. @type {"unread" | "end" | null} */ #pendingScroll = null;
  #lastScrollTop = 0;
  /** True while the user waits for the first page of messages. */ #isWaiting = false;
  /** The messages on the screen; the log may have more. */ #rendered = { firstSeq: 0, lastSeq: 0 };
  /** The "New" divider. @type {HTMLElement | null} */ #divider = null;
  /** Of messages that the server has not looked at. @type {MentionNames} */ #unsentNames = NO_NAMES;
  /** The message rows by key. @type {Map<string, MessageRow>} */ #messageRows = new Map();
  #newMessagesButton = byId("new-messages");
  #firstUnreadButton = byId("first-unread");
  #jumpButton = byId("jump-to-latest");
  scroller = byId("timeline");
  list = byId("timeline-rows");

  /**
   * @param {{store: Store, threads: Threads, outbox: Outbox, reconnect: () => void, actions: ClickActions}} deps
   */
  constructor({ store, threads, outbox, reconnect, actions }) {
    const { conversation, uploads } = actions;
    this.uploads = uploads;
    this.reconnect = reconnect;
    this.actions = actions;
    this.store = store;
    this.threads = threads;
    this.conversation = conversation;
    this.outbox = outbox;
    const render = throttleRender(() => this.render());
    const renderIfCurrent = (/** @type {string} */ target) => {
      if (target !== store.currentTarget) return;
      if (this.#isWaiting && store.log?.isLoaded) this.render();
      else render();
    };
    for (const type of /** @type {const} */ (["members", "me", "channels", "connection"])) store.on(type, render);
    store.on("connection", () => store.connection.status === "ready" && reloadPictures(this.list));
    store.on("current", () => this.#onChannelOpened());
    store.on("log", renderIfCurrent);
    store.on("message", (message) => this.#onMessage(message));
    outbox.on("change", renderIfCurrent);
    threads.on("change", renderIfCurrent);
    uploads.on("progress", () => showProgress(this.list, uploads));
    conversation.on("loading", renderIfCurrent);
    conversation.on("sending", () => this.jumpToLatest());
    conversation.on("reveal", ({ seq }) => this.#revealMessage(seq));
    conversation.on("restore", (place) => this.#restorePlace(place));
    customEmoji.on("change", render);
    savedMarks.on("change", render);
    language.on("change", render);
    today.on("change", render);
    this.scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#markVisibleAsRead());
    const resizeObserver = new ResizeObserver(() => this.#onResize());
    resizeObserver.observe(this.scroller);
    resizeObserver.observe(this.list);
    this.#newMessagesButton.addEventListener("click", () => this.jumpToLatest());
    this.#firstUnreadButton.addEventListener("click", () => this.#jumpToUnread());
    this.#jumpButton.addEventListener("click", () => this.jumpToLatest());
    this.list.addEventListener("click", (event) => this.#onClick(targetOf(event)));
  }

  /** True if it is scrolled to the end of the channel and follows new messages. */
  get isPinned() {
    return this.#isPinned;
  }

  set isPinned(isPinned) {
    this.#isPinned = isPinned;
    const { log } = this.store;
    if (log) log.isReadAbove = !isPinned;
  }

  /** Return the row of the message that contains the element. @param {Element} element @returns {MessageRow | null} */
  rowOf(element) {
    const message = /** @type {HTMLElement | null} */ (element.closest(".message"));
    return this.#messageRows.get(message?.dataset.key ?? "") ?? null;
  }

  /** @param {MessageRow} row @returns {MentionNames} */
  #namesOf({ message, state }) {
    return state === "sent" ? mentionNames(message, this.store.me?.id) : this.#unsentNames;
  }

  /** Scroll to the end of the channel, which is loaded if need be. */
  jumpToLatest() {
    const { log, currentTarget } = this.store;
    this.isPinned = true;
    if (log?.hasNewer && currentTarget) {
      this.#pendingScroll = "end";
      this.conversation.loadNewest(currentTarget);
    } else this.#scrollToPlace();
    this.render();
  }

  /** Where the unread messages of the open channel begin: they are not loaded, or below or above what is in view. */
  get #unreadStart() {
    const { log, channel } = this.store;
    if (log?.hasNewer && channel && log.lastSeq <= channel.readSeq) return "unloaded";
    const divider = this.#divider;
    return divider && divider.offsetTop > this.scroller.scrollTop + this.scroller.clientHeight ? "below" : "above";
  }

  /** Scroll to the first unread message, which is loaded if need be. */
  #jumpToUnread() {
    const { currentTarget } = this.store;
    this.#pendingScroll = "unread";
    if (this.#unreadStart === "unloaded" && currentTarget) this.conversation.reload(currentTarget);
    else {
      this.#scrollToPlace();
      this.render();
    }
  }

  render() {
    const { store } = this;
    const { log, me, channel, dividerSeq } = store;
    if (!log || !me || !channel) return showTimelinePlaceholder(this.list, store, this.reconnect);
    const load = this.conversation.loadOf(channel.target);
    const isFailed = Boolean(load?.error);
    const entries = this.outbox.entriesOf(channel.target);
    /** @type {Row[]} */
    const rows = log.isLoaded
      ? timelineRows({
          log,
          entries,
          me,
          dividerSeq,
          peerReadSeq: channel.peerReadSeq,
          manages: isManager(channel.role),
          threadOf: (message) => this.threads.of(message),
        })
      : [{ kind: "older", key: "initial" }];
    this.#isWaiting = !log.isLoaded;
    this.#messageRows = new Map(rows.flatMap((row) => (row.kind === "message" ? [[row.key, row]] : [])));
    const isUnsent = (/** @type {Row} */ row) => row.kind === "message" && row.state !== "sent" && messageText(row.message).includes("@");
    this.#unsentNames = rows.some(isUnsent) ? store.displayNames.mentionNames() : NO_NAMES;
    // The user may have scrolled up; the scroll event comes later.
    const isScrolledUp = this.scroller.scrollTop < this.#lastScrollTop - END_TOLERANCE;
    if (this.isPinned && !this.#pendingScroll && isScrolledUp) this.#onScroll();
    const anchor = this.isPinned || this.#pendingScroll ? null : this.#findAnchor();
    reconcile(this.list, rows, {
      // The loading and the failed state of an edge are different elements, so they need different keys.
      key: ({ kind, key }) => (isFailed && (kind === "older" || kind === "newer") ? `${key}:failed` : key),
      create: (row) => createRow(row, isFailed),
      update: (element, row) => this.#renderRow(element, row),
    });
    this.#rendered = { firstSeq: log.firstSeq, lastSeq: log.lastSeq };
    const hasDivider = rows.some(({ kind }) => kind === "unread");
    this.#divider = hasDivider ? this.list.querySelector(".unread-divider") : null;
    // Relative to the previous position: a shorter list may have scrolled already.
    if (anchor) this.scroller.scrollTop = anchor.scrollTop + bottomOf(anchor.element) - anchor.bottom;
    else if (log.isLoaded && load?.kind !== "initial") this.#scrollToPlace();
    this.#onPositionChanged();
    this.list.dispatchEvent(new Event("rendered"));
  }

  /** @param {HTMLElement} element @param {Row} row */
  #renderRow(element, row) {
    const { channel, me } = this.store;
    if (!channel) return;
    switch (row.kind) {
      case "message": {
        const { target, replyTo } = row.message;
        const quoted = replyTo ? this.conversation.quotedMessage(target, replyTo) : undefined;
        renderMessage(element, row, quoted, this.#namesOf(row), this.uploads);
        return;
      }
      case "note":
        setText(part(element, "text"), systemNoteText(row.note, channel.kind === "private"));
        setText(part(element, "time"), formatTime(row.note.time));
        return;
      case "day":
        setText(part(element, "text"), formatDay(row.time, Date.now()));
        return;
      case "unread":
        setText(part(element, "text"), t("timeline.unreadDivider"));
        return;
      case "intro":
        showChannelIntro(element, channel, me?.kind === "guest");
        return;
      default: {
        const error = this.conversation.loadOf(channel.target)?.error;
        if (error) setText(part(element, "reason"), t("timeline.failed", { reason: errorText(error) }));
      }
    }
  }

  #onChannelOpened() {
    this.list.replaceChildren();
    this.#divider = null;
    this.#isWaiting = true;
    this.isPinned = true;
    this.#pendingScroll = this.store.dividerSeq === null ? "end" : "unread";
    this.render();
  }

  /** Scroll to the end, or to the "New" divider in a channel that was just opened or is in the background. */
  #scrollToPlace() {
    const { scroller } = this;
    const divider = this.#divider;
    const end = scroller.scrollHeight - scroller.clientHeight;
    const prefersDivider = this.#pendingScroll === "unread" || document.visibilityState === "hidden";
    const top = divider && prefersDivider ? Math.min(end, divider.offsetTop - scroller.clientHeight / 4) : end;
    scroller.scrollTop = top;
    this.#lastScrollTop = scroller.scrollTop;
    this.#pendingScroll = null;
    this.isPinned = end - top < END_TOLERANCE && !this.store.log?.hasNewer;
  }

  /** Find the first visible message, whose end must keep its place: at its start, the sender's name comes and goes. */
  #findAnchor() {
    const { scrollTop } = this.scroller;
    const element = this.#rowsBelow(scrollTop).find((row) => row.matches(".message, .system-note"));
    return element ? { element, bottom: bottomOf(element), scrollTop } : null;
  }

  /** The rows that end below this height. Rows above are not measured one by one. @param {number} top in px */
  #rowsBelow(top) {
    const rows = /** @type {HTMLElement[]} */ ([...this.list.children]);
    let [first, end] = [0, rows.length];
    while (first < end) {
      const middle = (first + end) >> 1;
      if (bottomOf(rows[middle]) > top) end = middle;
      else first = middle + 1;
    }
    return rows.slice(first);
  }

  get #isVisible() {
    return this.#height > 0;
  }

  get #distanceToEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #onScroll() {
    // When the height changes, the browser may scroll by itself.
    if (this.isPinned && this.scroller.clientHeight !== this.#height) return this.#onResize();
    this.#lastScrollTop = this.scroller.scrollTop;
    this.isPinned = this.#distanceToEnd < END_TOLERANCE && !this.store.log?.hasNewer;
    this.#onPositionChanged();
  }

  #onResize() {
    this.#height = this.scroller.clientHeight;
    if (this.isPinned && !this.#pendingScroll) this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#lastScrollTop = this.scroller.scrollTop;
    this.#onPositionChanged();
  }

  /** Load more messages near an edge, mark visible ones as read, and show the buttons that lead to the end. */
  #onPositionChanged() {
    const { scroller, conversation } = this;
    const { log, channel } = this.store;
    if (!log?.isLoaded || !channel) return;
    const { target } = channel;
    const distance = this.#distanceToEnd;
    // A page that has just come is in the log before it is on the screen; until then, the edge looks nearer than it is.
    const isRendered = log.firstSeq === this.#rendered.firstSeq && log.lastSeq === this.#rendered.lastSeq;
    if (this.#isVisible && isRendered && !conversation.loadOf(target)) {
      if (log.hasOlder && scroller.scrollTop < LOAD_WITHIN) conversation.loadOlder(target);
      else if (log.hasNewer && distance < LOAD_WITHIN) conversation.loadNewer(target);
    }
    this.#markVisibleAsRead();
    this.#newMessagesButton.hidden = this.isPinned || channel.unread === 0;
    setText(part(this.#newMessagesButton, "text"), t("timeline.newMessages", { n: channel.unread }));
    this.#firstUnreadButton.hidden = this.#newMessagesButton.hidden || this.#unreadStart === "above";
    const isNearEnd = distance < scroller.clientHeight && !log.hasNewer;
    this.#jumpButton.hidden = this.isPinned || channel.unread > 0 || isNearEnd;
  }

  /** Mark messages as read up to the last one that is entirely visible, if the page is. */
  #markVisibleAsRead() {
    const { scroller } = this;
    const { channel } = this.store;
    if (document.visibilityState !== "visible" || !this.#isVisible || !channel || channel.readSeq >= channel.lastSeq) return;
    if (channel.target === this.store.heldTarget) return;
    const bottom = scroller.scrollTop + scroller.clientHeight + READ_TOLERANCE;
    const elements = /** @type {HTMLElement[]} */ ([...this.list.children]);
    const last = elements.findLast((element) => Number(element.dataset.seq) && element.offsetTop + element.offsetHeight <= bottom);
    if (last) this.conversation.markRead(channel.target, this.store.log?.seqBeforeShown(Number(last.dataset.seq)) ?? 0);
  }

  /** Put the "New" divider above a message that the user does not see. @param {Message} message of another user */
  #onMessage({ target, seq, threadOnly }) {
    const { store } = this;
    if (target !== store.currentTarget || threadOnly || store.dividerSeq !== null) return;
    if (!this.isPinned || document.visibilityState === "hidden" || !this.#isVisible) store.dividerSeq = seq - 1;
  }

  /** The place in view; null: the end of the channel. @returns {SeenPlace | null} */
  get place() {
    const { scrollTop } = this.scroller;
    if (this.isPinned) return null;
    const element = this.#rowsBelow(scrollTop).find((row) => row.matches(".message[data-seq]"));
    // A message that is not sent yet has no number.
    return element?.dataset.seq ? { seq: Number(element.dataset.seq), offset: bottomOf(element) - scrollTop } : null;
  }

  /** @param {SeenPlace} place */
  #restorePlace({ seq, offset }) {
    const element = this.#goTo(seq);
    if (element) this.scroller.scrollTop = bottomOf(element) - offset;
  }

  /** Leave the end of the channel for a message; return its element, if the channel has it. @param {number} seq */
  #goTo(seq) {
    this.#pendingScroll = null;
    this.isPinned = false;
    this.render();
    return /** @type {HTMLElement | null} */ (this.list.querySelector(`.message[data-seq="${seq}"]`));
  }

  /** Scroll to a message and highlight it. @param {number} seq */
  #revealMessage(seq) {
    const element = this.#goTo(seq);
    if (!element) return;
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
    element.classList.remove("revealed");
    // Reading a layout property restarts the animation.
    void element.offsetWidth;
    element.classList.add("revealed");
  }

  /** @param {Element} element */
  #onClick(element) {
    const { currentTarget, log } = this.store;
    const message = this.rowOf(element)?.message;
    if (message) onMessageClick(element, message, log?.messages.filter(({ threadOnly }) => !threadOnly) ?? [], this.actions);
    else if (element.closest("[data-part=retry]") && currentTarget) this.conversation.retry(currentTarget);
  }
}

const bottomOf = (/** @type {HTMLElement} */ { offsetTop, offsetHeight }) => offsetTop + offsetHeight;

/** The template of each kind of row but messages and edges. */
const TEMPLATES = {
  note: "template-system-note",
  day: "template-day-divider",
  unread: "template-unread-divider",
  intro: "template-channel-intro",
};

/** @param {Row} row @param {boolean} isFailed whether loading more messages has failed */
function createRow({ kind }, isFailed) {
  if (kind === "message") return createMessage();
  if (kind === "older" || kind === "newer") return cloneTemplate(isFailed ? "template-timeline-error" : "template-timeline-loading");
  return cloneTemplate(TEMPLATES[kind]);
}
