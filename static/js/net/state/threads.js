/**
 * Threads as the user sees them: how many answers they have, and whether the user follows and has read them. Pages of
 * history and events may come in any order, and twice. No DOM, no socket.
 *
 * `change`: threads of this target have changed.
 * @import { Message, Pushes, Thread } from "../wire-types.js"
 * @import { LoggedMessage } from "./channel-log.js"
 * @import { Recall, Store } from "./store.js"
 * @typedef {{thread: Thread, own: Map<number, number>}} KnownThread
 *   `thread`: as of its `position`; `own`: by position, what the user's later messages and recalls add to the count, as
 *   the server tells the count only to others
 */
import { Emitter } from "../events.js";

/** Return the later of two states of a thread; an event about its message has none. @param {Thread | undefined} known @param {Thread | undefined} received */
export function laterThread(known, received) {
  return received && received.position >= (known?.position ?? 0) ? received : known;
}

/** @extends {Emitter<{change: string}>} */
export class Threads extends Emitter {
  /** By the id of the message that is answered. @type {Map<string, KnownThread>} */ #known = new Map();
  /** States that messages brought; each is merged once. @type {WeakSet<Thread>} */ #received = new WeakSet();

  /** @param {Store} store */
  constructor(store) {
    super();
    this.store = store;
    store.on("added", (message) => this.#onMessage(message));
    store.on("recalled", (recall) => this.#onRecalled(recall));
  }

  clear() {
    this.#known.clear();
  }

  /** Return the thread of a message; null: it has none, as far as known. @param {Pick<Message, "id" | "thread">} message @returns {Thread | null} */
  of({ id, thread }) {
    if (thread && !this.#received.has(thread)) this.#merge(thread);
    const known = this.#known.get(id);
    if (!known) return null;
    const added = [...known.own.values()].reduce((sum, change) => sum + change, 0);
    return { ...known.thread, count: Math.max(0, known.thread.count + added) };
  }

  /** Take over whether the user follows a thread, and how far it is read. @param {Pushes["thread.mark"]} mark */
  mark({ target, threadId, follows, readSeq }) {
    const { thread } = this.#open(threadId);
    if (follows && !thread.follows) thread.unread = 0;
    thread.follows = follows;
    thread.readSeq = Math.max(thread.readSeq, readSeq);
    thread.unread = follows ? Math.min(thread.unread, this.#countUnread(target, thread)) : 0;
    this.emit("change", target);
  }

  /** @param {string} id */
  #open(id) {
    const known = this.#known.get(id) ?? {
      thread: { id, count: 0, lastSeq: 0, lastAt: 0, position: 0, follows: false, readSeq: 0, unread: 0 },
      own: new Map(),
    };
    this.#known.set(id, known);
    return known;
  }

  /** @param {Thread} received with a message */
  #merge(received) {
    this.#received.add(received);
    const known = this.#open(received.id);
    const { thread } = known;
    const readSeq = Math.max(thread.readSeq, received.readSeq);
    const unread = !received.follows || readSeq >= Math.max(thread.lastSeq, received.lastSeq) ? 0 : received.unread;
    if (received.position >= thread.position) {
      known.thread = { ...received, readSeq, unread };
      this.#forgetOwn(known);
    } else known.thread = { ...thread, follows: received.follows || thread.follows, readSeq, unread: Math.max(unread, thread.unread) };
  }

  /** @param {LoggedMessage} message */
  #onMessage({ target, threadId, threadCount, position = 0, seq, time, fromId, mentions = [] }) {
    if (!threadId) return;
    const myId = this.store.me?.id;
    const isOwn = fromId === myId;
    if (threadCount === undefined && !isOwn) return;
    const known = this.#open(threadId);
    if (!this.#change(known, position, threadCount, 1)) return;
    const { thread } = known;
    const root = this.store.logs.get(target)?.byId(threadId);
    // With the first answer, the user follows the thread of an own message; with a mention, any thread.
    if (isOwn || (threadCount === 1 && root?.fromId === myId) || mentions.some(({ id }) => id === myId)) thread.follows = true;
    if (isOwn) Object.assign(thread, { readSeq: Math.max(thread.readSeq, seq), unread: 0 });
    else if (thread.follows && seq > thread.readSeq) thread.unread += 1;
    thread.lastSeq = Math.max(thread.lastSeq, seq);
    thread.lastAt = Math.max(thread.lastAt, time);
    this.emit("change", target);
  }

  /** @param {Recall} recall */
  #onRecalled({ target, id, threadId, threadCount, position = 0, seq }) {
    if (!threadId) return;
    const known = this.#open(threadId);
    if (!this.#change(known, position, threadCount, -1)) return;
    const { thread } = known;
    const isOwn = this.store.logs.get(target)?.byId(id)?.fromId === this.store.me?.id;
    if (!isOwn && seq > thread.readSeq) thread.unread = Math.max(0, thread.unread - 1);
    this.emit("change", target);
  }

  /**
   * Change the count of a thread. Returns false if the event is already contained.
   * @param {KnownThread} known
   * @param {number} position of the event
   * @param {number | undefined} count  undefined: the event is the user's own
   * @param {1 | -1} change of the count
   */
  #change(known, position, count, change) {
    if (position <= known.thread.position || known.own.has(position)) return false;
    if (count === undefined) known.own.set(position, change);
    else {
      Object.assign(known.thread, { count, position });
      this.#forgetOwn(known);
    }
    return true;
  }

  /** @param {KnownThread} known */
  #forgetOwn({ thread, own }) {
    for (const position of own.keys()) if (position <= thread.position) own.delete(position);
  }

  /** Count the loaded answers that are not read. @param {string} target @param {Thread} thread */
  #countUnread(target, { id, readSeq, lastSeq, unread }) {
    if (readSeq >= lastSeq) return 0;
    const log = this.store.logs.get(target);
    if (!log || log.firstSeq > readSeq + 1) return unread;
    const isUnread = (/** @type {LoggedMessage} */ { threadId, seq, recalled, fromId }) =>
      threadId === id && seq > readSeq && !recalled && fromId !== this.store.me?.id;
    return log.messages.filter(isUnread).length;
  }
}
