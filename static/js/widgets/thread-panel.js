/**
 * The thread panel beside the timeline: the first message, its answers, and a composer. Its list dispatches `rendered`.
 *
 * @import { MentionNames } from "../net/state/message-mentions.js"
 * @import { Outbox } from "../net/outbox.js"
 * @import { ThreadConversation } from "../net/thread-conversation.js"
 * @import { Store } from "../net/state/store.js"
 * @import { ThreadRow } from "../state/thread-rows.js"
 * @import { Threads } from "../net/state/threads.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 * @import { Layout } from "./layout.js"
 * @import { ClickActions } from "./message-clicks.js"
 * @import { ThreadComposer } from "./thread-composer.js"
 */
import { byId, cloneTemplate, part, reconcile, setText, targetOf } from "../lib/dom.js";
import { errorReplyText } from "../lib/error-messages.js";
import { formatDay } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { throttleRender } from "../lib/throttle.js";
import { today } from "../lib/today.js";
import { customEmoji } from "../state/custom-emoji.js";
import { mentionNames } from "../net/state/message-mentions.js";
import { savedMarks } from "../state/saved-marks.js";
import { isManager } from "../state/send-permission.js";
import { threadRows } from "../state/thread-rows.js";
import { showProgress } from "./message-attachments.js";
import { onMessageClick } from "./message-clicks.js";
import { createMessage, renderMessage } from "./message.js";
import { errorText, showErrorToast, showToast } from "./toast.js";

/** Distances in px: from the end at which the answers count as scrolled to it, and from the start to load more. */
const END_TOLERANCE = 40;
const LOAD_WITHIN = 300;
/** The template of each kind of row but messages and edges. */
const TEMPLATES = { day: "template-day-divider", unread: "template-unread-divider", missing: "template-thread-missing", answers: "template-thread-answers" };

export class ThreadPanel {
  #panel = byId("thread");
  /** The first answer on the screen; the log may have earlier ones. */ #renderedFirstSeq = 0;
  #follow = part(this.#panel, "follow");
  #hasToScroll = true;
  /** The message rows by key. @type {Map<string, MessageRow>} */ #messageRows = new Map();
  list = byId("thread-rows");
  scroller = part(this.#panel, "body");

  /**
   * @param {{store: Store, threads: Threads, conversation: ThreadConversation, outbox: Outbox, composer: ThreadComposer,
   *   layout: Layout, actions: ClickActions}} deps
   */
  constructor({ store, threads, conversation, outbox, composer, layout, actions }) {
    this.store = store;
    this.threads = threads;
    this.conversation = conversation;
    this.outbox = outbox;
    this.composer = composer;
    this.layout = layout;
    this.actions = actions;
    const render = throttleRender(() => this.render());
    for (const type of /** @type {const} */ (["me", "channels", "log"])) store.on(type, render);
    for (const source of [conversation, threads, outbox, customEmoji, savedMarks, language, today]) source.addEventListener("change", render);
    actions.uploads.on("progress", () => showProgress(this.list, actions.uploads));
    outbox.on("failed", ({ threadId, refusal }) => {
      if (!threadId || this.shows(threadId)) return;
      showToast(t("message.failed", { reason: refusal ? errorReplyText(refusal) : "" }), { isError: true });
    });
    conversation.on("opened", () => this.#onOpened());
    conversation.on("closed", () => layout.hidePanel("thread"));
    conversation.on("sending", () => {
      this.#hasToScroll = true;
      this.render();
    });
    this.scroller.addEventListener("scroll", () => this.#onScrolled(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#markVisibleAsRead());
    this.list.addEventListener("click", (event) => this.#onClick(targetOf(event)));
    this.#follow.addEventListener("click", () => {
      const follows = this.#follow.getAttribute("aria-pressed") !== "true";
      conversation.setFollowing(follows).catch(showErrorToast);
    });
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || isInputMethodKey(event)) return;
      event.preventDefault();
      layout.closePanel();
    });
  }

  /** Return the row of the message that contains the element. @param {Element} element @returns {MessageRow | null} */
  rowOf(element) {
    const message = /** @type {HTMLElement | null} */ (element.closest(".message"));
    return this.#messageRows.get(message?.dataset.key ?? "") ?? null;
  }

  /** Tell whether the panel shows this thread. @param {string | undefined} threadId */
  shows(threadId) {
    return !this.#panel.hidden && this.conversation.current?.id === threadId;
  }

  /** Called when the panel has become visible. */
  onShown() {
    this.render();
    this.composer.render();
  }

  #onOpened() {
    this.#hasToScroll = true;
    if (this.#panel.hidden) this.layout.showPanel("thread");
    else this.render();
    // The keyboard of a touch screen would cover the answers.
    if (matchMedia("(hover: hover)").matches && !this.composer.field.disabled) this.composer.focus();
    else part(this.#panel, "close").focus();
  }

  render() {
    const { store, conversation, scroller } = this;
    const { current, load } = conversation;
    const { me, channel } = store;
    if (this.#panel.hidden || !current || !me || !channel) return;
    this.#renderHeader(channel.name);
    const root = current.root.messages[0];
    const entries = this.outbox.entriesOf(current.target).filter(({ threadId }) => threadId === current.id);
    const rows = threadRows({ root, answers: current.answers, entries, me, dividerSeq: current.dividerSeq, manages: isManager(channel.role) });
    this.#messageRows = new Map(rows.flatMap((row) => (row.kind === "message" ? [[row.key, row]] : [])));
    const isFailed = Boolean(load?.error);
    const wasAtEnd = this.#distanceToEnd < END_TOLERANCE;
    const anchor = this.#findAnchor();
    reconcile(this.list, rows, {
      // The loading and the failed state of an edge are different elements, so they need different keys.
      key: ({ kind, key }) => (isFailed && kind === "older" ? `${key}:failed` : key),
      create: (row) => createRow(row, isFailed),
      update: (element, row) => this.#renderRow(element, row),
    });
    this.#renderedFirstSeq = current.answers.firstSeq;
    if (current.answers.isLoaded && this.#hasToScroll) {
      this.#hasToScroll = false;
      const divider = /** @type {HTMLElement | null} */ (this.list.querySelector(".unread-divider"));
      scroller.scrollTop = divider ? divider.offsetTop - scroller.clientHeight / 4 : scroller.scrollHeight;
    } else if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
    else if (anchor?.element.isConnected) scroller.scrollTop += anchor.element.offsetTop - anchor.top;
    this.#onScrolled();
    this.list.dispatchEvent(new Event("rendered"));
  }

  /** @param {string} channelName */
  #renderHeader(channelName) {
    const { current } = this.conversation;
    const thread = current && this.threads.of(current);
    setText(part(this.#panel, "channel"), channelName);
    // A thread exists from its first answer on.
    this.#follow.hidden = !thread?.count;
    this.#follow.setAttribute("aria-pressed", String(thread?.follows ?? false));
    setText(this.#follow, t(thread?.follows ? "thread.following" : "thread.follow"));
    this.#follow.title = t(thread?.follows ? "thread.unfollowHint" : "thread.followHint");
  }

  /** @param {HTMLElement} element @param {ThreadRow} row */
  #renderRow(element, row) {
    const { conversation, actions } = this;
    if (row.kind === "message") {
      const { target, replyTo } = row.message;
      const quoted = replyTo ? actions.conversation.quotedMessage(target, replyTo) : undefined;
      renderMessage(element, row, quoted, this.#namesOf(row), actions.uploads);
    } else if (row.kind === "day") setText(part(element, "text"), formatDay(row.time, Date.now()));
    else if (row.kind === "unread") setText(part(element, "text"), t("timeline.unreadDivider"));
    else if (row.kind === "missing") setText(element, t("message.quoteUnavailable"));
    else if (row.kind === "answers") {
      const n = (conversation.current && this.threads.of(conversation.current)?.count) || 0;
      setText(part(element, "text"), t(n ? "thread.answers" : "thread.none", { n }));
    } else if (conversation.load?.error) {
      setText(part(element, "reason"), t("timeline.failed", { reason: errorText(conversation.load.error) }));
    }
  }

  /** @param {MessageRow} row @returns {MentionNames} */
  #namesOf({ message, state }) {
    return state === "sent" ? mentionNames(message, this.store.me?.id) : this.store.displayNames.mentionNames();
  }

  get #distanceToEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** Find the first visible answer, which must keep its place. */
  #findAnchor() {
    const answers = /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(".thread-answers ~ .message"));
    for (const element of answers) {
      const top = element.offsetTop;
      if (top + element.offsetHeight > this.scroller.scrollTop) return { element, top };
    }
    return null;
  }

  #onScrolled() {
    const { current, load } = this.conversation;
    if (!current?.answers.isLoaded || this.#panel.hidden) return;
    const { hasOlder, firstSeq } = current.answers;
    // Answers that have just come are in the log before they are on the screen.
    const isNearStart = firstSeq === this.#renderedFirstSeq && this.scroller.scrollTop < LOAD_WITHIN;
    if (hasOlder && isNearStart && !load) this.conversation.loadOlder();
    this.#markVisibleAsRead();
  }

  /** Mark the thread as read once its end is visible. */
  #markVisibleAsRead() {
    const { current } = this.conversation;
    if (document.visibilityState !== "visible" || this.#panel.hidden || !current?.answers.isLoaded) return;
    if (this.#distanceToEnd < END_TOLERANCE) this.conversation.markRead(current.answers.lastSeq);
  }

  /** @param {Element} element */
  #onClick(element) {
    const message = this.rowOf(element)?.message;
    if (message) {
      const { root, answers } = this.conversation.current ?? {};
      onMessageClick(element, message, [...(root?.messages ?? []), ...(answers?.messages ?? [])], this.actions);
    } else if (element.closest("[data-part=retry]")) this.conversation.retry();
  }
}

/** @param {ThreadRow} row @param {boolean} isFailed whether loading answers has failed */
function createRow({ kind }, isFailed) {
  if (kind === "message") return createMessage();
  if (kind === "day" || kind === "unread" || kind === "missing" || kind === "answers") return cloneTemplate(TEMPLATES[kind]);
  return cloneTemplate(isFailed ? "template-timeline-error" : "template-timeline-loading");
}
