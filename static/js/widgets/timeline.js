/**
 * The open channel's messages: where the reader is, and that nothing moves under their eyes. What is rendered comes from
 * timeline-rows, what is loaded from the conversation. Its list dispatches `rendered`.
 */
/**
 * @import { Conversation } from "../net/conversation.js"
 * @import { Outbox } from "../net/outbox.js"
 * @import { Store } from "../state/store.js"
 * @import { MessageRow, Row } from "../state/timeline-rows.js"
 */
import { byId, clone, part, reconcile, setText, soon } from "../lib/dom.js";
import { clock, day } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { rows } from "../state/timeline-rows.js";
import { createMessage, updateMessage } from "./message.js";
import { errorText } from "./toast.js";
import { noteText } from "./system-note.js";
import { showStart } from "./channel-intro.js";

const AT_BOTTOM = 40;
const LOAD_WITHIN = 600;
/** @type {import("../lib/text.js").Names} */
const NOBODY = new Map();

export class Timeline {
  #pinned = true;
  /** Laid out, and not behind another column. Told by an observer, since asking would cost a layout each time. */
  #visible = false;
  /** Where to go once the messages are there; null: stay. @type {"unread" | "newest" | null} */ #placing = null;
  /** The place in the list as it was last known. */ #knownTop = 0;
  /** @type {import("../lib/text.js").Names} */ #names = NOBODY;
  /** @type {Map<string, MessageRow>} */ #messages = new Map();
  frame = byId("timeline");
  list = byId("rows");
  #newMessages = byId("new-messages");
  #toNewest = byId("to-newest");

  /** @param {{store: Store, conversation: Conversation, outbox: Outbox}} parts */
  constructor({ store, conversation, outbox }) {
    this.store = store;
    this.conversation = conversation;
    this.outbox = outbox;
    this.render = this.render.bind(this);
    const render = soon(this.render);
    store.addEventListener("members", render);
    const ifCurrent = (/** @type {Event} */ event) => /** @type {CustomEvent} */ (event).detail === store.current && render();
    store.addEventListener("current", () => this.#opened());
    store.addEventListener("me", render);
    store.addEventListener("channels", render);
    store.addEventListener("log", ifCurrent);
    store.addEventListener("message", (event) => this.#arrived(/** @type {CustomEvent} */ (event).detail));
    outbox.addEventListener("change", ifCurrent);
    conversation.addEventListener("loading", ifCurrent);
    conversation.addEventListener("sending", () => this.goToNewest());
    conversation.addEventListener("reveal", (event) => this.#reveal(/** @type {CustomEvent} */ (event).detail));
    language.addEventListener("change", render);
    this.frame.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#seen());
    new ResizeObserver(() => this.#resized()).observe(this.frame);
    this.#newMessages.addEventListener("click", () => this.goToNewest());
    this.#toNewest.addEventListener("click", () => this.goToNewest());
    this.list.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#clicked(event));
  }

  /** At the end, and following what comes. */
  get pinned() {
    return this.#pinned;
  }

  set pinned(pinned) {
    this.#pinned = pinned;
    const { log } = this.store;
    if (log) log.readAbove = !pinned;
  }

  /** The row that an element or its surroundings shows. @param {Element | null} element */
  messageAt(element) {
    const article = /** @type {HTMLElement | null | undefined} */ (element?.closest(".message"));
    return article ? this.#messages.get(article.dataset.key ?? "") ?? null : null;
  }

  /** To the end of the channel, loading it if the reader is far away. */
  goToNewest() {
    this.pinned = true;
    if (this.store.log?.hasNewer && this.store.current) {
      this.#placing = "newest";
      this.conversation.loadNewest(this.store.current);
    } else this.#place();
    this.render();
  }

  render() {
    const { store } = this;
    const { log, me, channel } = store;
    if (!log || !me || !channel) {
      if (store.channelsLoaded) this.list.replaceChildren();
      else if (!this.list.querySelector(".loading")) this.list.replaceChildren(clone("part-loading"));
      return;
    }
    const loading = this.conversation.loading(channel.target);
    const entries = this.outbox.of(channel.target);
    const readByOther = channel.peerReadSeq;
    const list = log.loaded ? rows({ log, entries, me, newAfter: store.newAfter, readByOther }) : [];
    if (!log.loaded) list.push({ kind: "older", key: "initial" });
    this.#messages = new Map(list.flatMap((row) => (row.kind === "message" ? [[row.key, row]] : [])));
    const mentioning = list.some((row) => row.kind === "message" && row.message.msg.includes("@"));
    this.#names = mentioning ? store.faces.names() : NOBODY;
    // The event that tells of a reader who has just scrolled away comes after this.
    if (this.pinned && !this.#placing && this.frame.scrollTop < this.#knownTop - AT_BOTTOM) this.#scrolled();
    const anchor = this.pinned || this.#placing ? null : this.#anchor();
    reconcile(this.list, list, {
      // An element never changes its kind, so the two looks of an edge are two keys.
      key: (row) => (row.kind === "older" || row.kind === "newer" ? `${row.key}${loading?.failed ? ":failed" : ""}` : row.key),
      create: (row) => create(row, Boolean(loading?.failed)),
      update: (element, row) => this.#update(element, row),
    });
    // From where it was, not from where it is: a list that became shorter may have moved already.
    if (anchor) this.frame.scrollTop = anchor.scrollTop + anchor.element.offsetTop - anchor.top;
    else if (log.loaded && loading?.load !== "initial") this.#place();
    this.#look();
    this.list.dispatchEvent(new Event("rendered"));
  }

  #opened() {
    this.list.replaceChildren();
    this.pinned = true;
    this.#placing = this.store.newAfter === null ? "newest" : "unread";
    this.render();
  }

  /** Puts the reader at the end, or where the unread begins. */
  #place() {
    const { frame } = this;
    const line = /** @type {HTMLElement | null} */ (this.list.querySelector(".new-line"));
    const bottom = frame.scrollHeight - frame.clientHeight;
    const toLine = this.#placing === "unread" || document.visibilityState === "hidden";
    const wanted = line && toLine ? Math.min(bottom, line.offsetTop - frame.clientHeight / 4) : bottom;
    frame.scrollTop = wanted;
    this.#knownTop = frame.scrollTop;
    this.#placing = null;
    this.pinned = bottom - wanted < AT_BOTTOM && !this.store.log?.hasNewer;
  }

  /** The first message in sight, which must not move. */
  #anchor() {
    const { scrollTop } = this.frame;
    for (const element of /** @type {Iterable<HTMLElement>} */ (this.list.children)) {
      if (element.matches(".message, .note") && element.offsetTop + element.offsetHeight > scrollTop) {
        return { element, top: element.offsetTop, scrollTop };
      }
    }
    return null;
  }

  /** @param {HTMLElement} element @param {Row} row */
  #update(element, row) {
    const { channel } = this.store;
    if (!channel) return;
    if (row.kind === "message") {
      const { target, replyTo } = row.message;
      updateMessage(element, row, replyTo ? this.conversation.quoted(target, replyTo) : undefined, this.#names);
    } else if (row.kind === "note") {
      setText(part(element, "text"), noteText(row.note, channel.kind === "private"));
      setText(part(element, "time"), clock(row.note.time));
    } else if (row.kind === "day") setText(part(element, "text"), day(row.time, Date.now()));
    else if (row.kind === "new") setText(part(element, "text"), t("timeline.new"));
    else if (row.kind === "older" || row.kind === "newer") this.#showFailed(element, channel.target);
    else if (row.kind === "start") showStart(element, channel, this.store.me?.kind === "guest");
  }

  /** @param {HTMLElement} element @param {string} target */
  #showFailed(element, target) {
    const failed = this.conversation.loading(target)?.failed;
    if (failed) setText(part(element, "why"), t("timeline.failed", { why: errorText(failed) }));
  }

  #scrolled() {
    const { frame } = this;
    const left = frame.scrollHeight - frame.scrollTop - frame.clientHeight;
    this.#knownTop = frame.scrollTop;
    this.pinned = left < AT_BOTTOM && !this.store.log?.hasNewer;
    this.#look();
  }

  #resized() {
    this.#visible = this.frame.clientHeight > 0;
    if (this.pinned) this.frame.scrollTop = this.frame.scrollHeight;
    this.#look();
  }

  /** What follows from where the reader is now: pages to load, what is read, which button helps. */
  #look() {
    const { frame, store } = this;
    const { log, channel } = store;
    if (!log?.loaded || !channel) return;
    const left = frame.scrollHeight - frame.scrollTop - frame.clientHeight;
    const idle = !this.conversation.loading(channel.target);
    if (idle && this.#visible && log.hasOlder && frame.scrollTop < LOAD_WITHIN) this.conversation.loadOlder(channel.target);
    else if (idle && this.#visible && log.hasNewer && left < LOAD_WITHIN) this.conversation.loadNewer(channel.target);
    this.#seen();
    const { unread } = channel;
    this.#newMessages.hidden = this.pinned || unread === 0;
    setText(part(this.#newMessages, "text"), t("timeline.newMessages", { n: unread }));
    this.#toNewest.hidden = this.pinned || unread > 0 || (left < frame.clientHeight && !log.hasNewer);
  }

  /** Marks as read up to the last message that is wholly in sight, if there is somebody to see it. */
  #seen() {
    const { frame, store } = this;
    const { channel } = store;
    if (document.visibilityState !== "visible" || !this.#visible || !channel || channel.unread === 0) return;
    const end = frame.scrollTop + frame.clientHeight + 4;
    for (let element = this.list.lastElementChild; element; element = element.previousElementSibling) {
      const seq = Number(element.dataset?.seq);
      if (!seq || element.offsetTop + element.offsetHeight > end) continue;
      this.conversation.markRead(channel.target, seq);
      return;
    }
  }

  /** @param {import("../net/protocol.js").Message} message live and not mine */
  #arrived(message) {
    const { store } = this;
    if (message.target !== store.current || store.newAfter !== null) return;
    if (!this.pinned || document.visibilityState === "hidden" || !this.#visible) store.newAfter = message.seq - 1;
  }

  /** @param {{seq: number}} where */
  #reveal({ seq }) {
    this.#placing = null;
    this.pinned = false;
    this.render();
    const element = /** @type {HTMLElement | null} */ (this.list.querySelector(`.message[data-seq="${seq}"]`));
    if (!element) return;
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
    element.classList.remove("revealed");
    void element.offsetWidth; // restarts the animation
    element.classList.add("revealed");
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const row = this.messageAt(target);
    const { current } = this.store;
    const is = (/** @type {string} */ name) => target.closest(`[data-part="${name}"]`) !== null;
    if (row && is("quote") && row.message.replyTo) {
      const source = this.conversation.quoted(row.message.target, row.message.replyTo);
      if (source) this.conversation.reveal(source.target, source.seq);
    } else if (row && is("failed") && row.message.clientMsgId) {
      if (is("retry")) this.outbox.retry(row.message.clientMsgId);
      else if (is("delete")) this.outbox.remove(row.message.clientMsgId);
    } else if (!row && is("retry") && current) this.conversation.retry(current);
  }
}

/** @param {Row} row @param {boolean} failed */
function create(row, failed) {
  if (row.kind === "message") return createMessage();
  if (row.kind === "older" || row.kind === "newer") return clone(failed ? "part-failed" : "part-loading");
  return clone(`part-${row.kind}`);
}
