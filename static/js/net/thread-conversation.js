/**
 * The user's actions in the open thread: load its answers, answer, follow it, and mark it as read. No DOM.
 *
 * `change`: the thread or its load has changed; `opened`; `closed`; `sending`: an answer was written.
 * @import { Message } from "./wire-types.js"
 * @import { Outbox } from "./outbox.js"
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { Upload } from "./uploads.js"
 * @import { Store } from "./state/store.js"
 * @import { Threads } from "./state/threads.js"
 * @typedef {{target: string, id: string, root: ChannelLog, answers: ChannelLog, dividerSeq: number | null}} OpenThread
 *   `id`: of the first message, which `root` holds alone; `dividerSeq`: see `timelineRows`
 * @typedef {{kind: "initial" | "older", error: unknown}} Load  `error`: null unless it has failed
 */
import { Emitter } from "./events.js";
import { ChannelLog } from "./state/channel-log.js";
import { outboxFile } from "./attachment-sends.js";
import { DisconnectedError, isRequestFailure } from "./protocol.js";

const PAGE_SIZE = 50;
const MARK_READ_DELAY_MS = 300;

/** @extends {Emitter<{change: null, opened: null, closed: null, sending: null}>} */
export class ThreadConversation extends Emitter {
  /** @type {OpenThread | null} */ current = null;
  /** The load in progress or failed. @type {Load | null} */ load = null;
  /** Read positions that the server has not been told, by the thread's id. @type {Map<string, {target: string, seq: number}>} */ #unsentMarks = new Map();
  #markReadTimer = 0;

  /** @param {{socket: Socket, store: Store, outbox: Outbox, session: Session, threads: Threads}} deps */
  constructor({ socket, store, outbox, session, threads }) {
    super();
    this.socket = socket;
    this.store = store;
    this.outbox = outbox;
    this.threads = threads;
    store.on("added", (message) => this.#update(message.target, ({ id, answers }) => message.threadId === id && answers.add(message)));
    store.on("edited", (edit) => this.#updateLogs(edit.target, (log) => log.edit(edit)));
    store.on("recalled", (recall) => this.#updateLogs(recall.target, (log) => log.recall(recall)));
    store.on("previewed", (change) => this.#updateLogs(change.target, (log) => log.setPreviews(change)));
    store.on("reacted", (change) => {
      this.#updateLogs(change.target, (log) => log.changeReaction(change, change.by.id === store.me?.id));
    });
    store.on("expired", ({ target, seq }) => this.#updateLogs(target, (log) => log.expire(seq)));
    store.on("files-removed", ({ target, attachments }) => this.#updateLogs(target, (log) => log.removeFiles(attachments)));
    store.on("files-expired", ({ target, seq }) => this.#updateLogs(target, (log) => log.expireFiles(seq)));
    store.on("user-renamed", ({ profile, userName }) => {
      if (this.current) this.#updateLogs(this.current.target, (log) => log.rename(profile, userName));
    });
    store.on("current", () => {
      if (this.current && this.current.target !== store.currentTarget) this.close();
    });
    session.on("resumed", () => {
      this.#sendMarks();
      this.reload();
    });
    session.on("loaded", () => {
      // It may be another user's session.
      threads.clear();
      this.#unsentMarks.clear();
      this.reload();
    });
  }

  /** Open the thread that a message has or belongs to. @param {Pick<Message, "target" | "id" | "threadId">} message */
  open({ target, id, threadId }) {
    const rootId = threadId ?? id;
    if (this.current?.id !== rootId) {
      const root = new ChannelLog();
      const known = this.store.logs.get(target)?.byId(rootId);
      if (known) root.add(known);
      this.current = { target, id: rootId, root, answers: new ChannelLog(), dividerSeq: null };
      this.reload();
    }
    this.emit("opened");
  }

  close() {
    if (!this.current) return;
    this.current = null;
    this.load = null;
    this.emit("closed");
  }

  /** Load the newest answers. */
  reload() {
    return this.#load("initial", async (thread) => {
      const page = await this.#fetch(thread, {});
      const isFirst = !thread.answers.isLoaded;
      if (page.root) thread.root.add(page.root);
      thread.answers.setNewest(page);
      const { unread = 0, readSeq = 0 } = this.threads.of(page.root ?? thread) ?? {};
      if (isFirst && unread > 0) thread.dividerSeq = readSeq;
    });
  }

  loadOlder() {
    if (this.load) return;
    return this.#load("older", async (thread) => {
      thread.answers.addOlder(await this.#fetch(thread, { before: thread.answers.firstSeq }));
    });
  }

  /** Repeat the load that has failed. */
  retry() {
    if (!this.load?.error) return;
    const { kind } = this.load;
    this.load = null;
    if (kind === "older") this.loadOlder();
    else this.reload();
  }

  /** Answer now, or when there is a connection. @param {string} text @param {boolean} alsoToChannel @param {Upload[]} [uploads] */
  send(text, alsoToChannel, uploads = []) {
    const { current, store } = this;
    const channel = current && store.channels.get(current.target);
    if (!channel) return;
    current.dividerSeq = null;
    const appId = channel.kind === "global" ? store.app.appId : null;
    const { target, lastSeq: since } = channel;
    const files = uploads.length ? { files: uploads.map(outboxFile) } : {};
    this.outbox.add({ target, appId, text, since, ...files, threadId: current.id, alsoToChannel });
    this.emit("sending");
  }

  /** Rejects with RequestError or DisconnectedError. @param {boolean} follows */
  async setFollowing(follows) {
    if (!this.current) return;
    const { target, id: threadId } = this.current;
    this.threads.mark(await this.socket.request(follows ? "thread.follow" : "thread.unfollow", { target, threadId }));
  }

  /** The user has seen the answers up to this one. The server is told soon. @param {number} seq */
  markRead(seq) {
    const { current } = this;
    const thread = current && this.threads.of(current);
    if (!current || !thread?.follows || seq <= thread.readSeq) return;
    const { target, id: threadId } = current;
    this.threads.mark({ target, threadId, follows: true, readSeq: seq });
    this.#unsentMarks.set(threadId, { target, seq });
    this.#markReadTimer ||= setTimeout(() => this.#sendMarks(), MARK_READ_DELAY_MS);
  }

  #sendMarks() {
    clearTimeout(this.#markReadTimer);
    this.#markReadTimer = 0;
    const marks = [...this.#unsentMarks];
    this.#unsentMarks.clear();
    for (const [threadId, { target, seq }] of marks) {
      this.socket.request("thread.mark", { target, threadId, seq }).catch((error) => {
        // The next connection tells it, unless a later mark waits.
        if (!(error instanceof DisconnectedError) || this.#unsentMarks.has(threadId)) return;
        this.#unsentMarks.set(threadId, { target, seq });
      });
    }
  }

  /** @param {OpenThread} thread @param {{before?: number}} range */
  #fetch({ target, id: threadId }, range) {
    return this.socket.request("thread.history", { target, threadId, limit: PAGE_SIZE, ...range });
  }

  /** @param {Load["kind"]} kind @param {(thread: OpenThread) => Promise<void>} work */
  async #load(kind, work) {
    const { current } = this;
    if (!current) return;
    /** @type {Load} */
    const load = { kind, error: null };
    this.load = load;
    this.emit("change");
    try {
      await work(current);
      if (this.load === load) this.load = null;
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      load.error = error;
    }
    this.emit("change");
  }

  /** @param {string} target @param {(log: ChannelLog) => unknown} change */
  #updateLogs(target, change) {
    this.#update(target, ({ root, answers }) => {
      for (const log of [root, answers]) change(log);
    });
  }

  /** @param {string} target @param {(thread: OpenThread) => unknown} change */
  #update(target, change) {
    if (this.current?.target !== target) return;
    change(this.current);
    this.emit("change");
  }
}
