/**
 * The user's actions in channels: open, load in both directions, send, edit, recall, mark as read. No DOM.
 *
 * `loading`: a target's load has started, ended or failed; `reveal`: scroll to this message; `restore`: scroll to this
 * place; `sending`: a message was written in this target.
 * @import { HistoryPage, Message, SendReply } from "./wire-types.js"
 * @import { GapFiller } from "./gap-filler.js"
 * @import { Outbox, OutboxEntry } from "./outbox.js"
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { ChannelLog, LoggedMessage } from "./state/channel-log.js"
 * @import { Store } from "./state/store.js"
 * @import { Upload } from "./uploads.js"
 * @typedef {"initial" | "older" | "newer"} LoadKind
 * @typedef {{kind: LoadKind, error: unknown}} Load  `error`: null unless it has failed
 * @typedef {{seq: number, offset: number}} SeenPlace  the first visible message, and the distance of its end from the top in px
 * @typedef {{loading: string, reveal: {target: string, seq: number}, restore: SeenPlace, sending: string}} ConversationEvents
 */
import { Emitter } from "./events.js";
import { contentOf } from "./state/message-content.js";
import { outboxFile } from "./attachment-sends.js";
import { RequestError, isRequestFailure } from "./protocol.js";

const PAGE_SIZE = 50;
/** Messages of the first page, which fill a window soon. More are loaded when the user scrolls. */
const FIRST_PAGE_SIZE = 30;
/** Messages that are loaded above the first unread one. */
const CONTEXT_SIZE = 15;
const MARK_READ_DELAY_MS = 300;

/** @extends {Emitter<ConversationEvents>} */
export class Conversation extends Emitter {
  /** Loads in progress or failed, by target. @type {Map<string, Load>} */ #loads = new Map();
  #markReadTimer = 0;

  /** @param {{socket: Socket, store: Store, outbox: Outbox, session: Session, gapFiller: GapFiller}} deps */
  constructor({ socket, store, outbox, session, gapFiller }) {
    super();
    this.socket = socket;
    this.store = store;
    this.outbox = outbox;
    this.gapFiller = gapFiller;
    outbox.on("sent", ({ entry, reply }) => this.#onSent(entry, reply));
    store.on("expired", ({ target }) => {
      if (target === store.currentTarget && store.log && !store.log.isLoaded) this.loadNewest(target);
    });
    session.on("resumed", () => {
      this.#sendReads();
      if (store.currentTarget) this.retry(store.currentTarget);
    });
  }

  /** @param {string} target @returns {Load | null} null: none in progress or failed */
  loadOf(target) {
    return this.#loads.get(target) ?? null;
  }

  /** Open a channel where reading has stopped. @param {string} target */
  open(target) {
    this.store.setCurrent(target);
    const log = this.store.openLog(target);
    const { unread = 0, readSeq = 0 } = this.store.channel ?? {};
    const isUnreadStartMissing = unread > 0 && log.hasOlder && readSeq + 1 < log.firstSeq;
    if (!log.isLoaded || log.hasNewer || isUnreadStartMissing) this.reload(target);
    else this.gapFiller.check(target);
  }

  /**
   * Open a channel at one of its messages. Resolves with false if the channel has no such message.
   * @param {string} target
   * @param {number} seq
   * @returns {Promise<boolean>}
   */
  async openAt(target, seq) {
    if (seq > (this.store.channels.get(target)?.lastSeq ?? 0)) {
      this.open(target);
      return false;
    }
    this.#switchTo(target);
    return this.reveal(target, seq);
  }

  /** Open a channel at a place that the user has seen before. @param {string} target @param {SeenPlace} place */
  async openAtPlace(target, place) {
    this.#switchTo(target);
    await this.#loadAround(target, place.seq);
    if (target === this.store.currentTarget) this.emit("restore", place);
  }

  /** @param {string} target */
  #switchTo(target) {
    const { channels, currentTarget, logs } = this.store;
    if (target === currentTarget) return;
    // Unread messages must not come into view on the way, which would mark them as read.
    if (channels.get(target)?.unread) logs.delete(target);
    this.store.setCurrent(target);
  }

  /** Load the messages around the read position, or the newest ones if few are unread. @param {string} target */
  reload(target) {
    const channel = this.store.channels.get(target);
    const readSeq = channel?.readSeq ?? 0;
    // Recalled messages are on the pages too, though they are not unread.
    const hasManyUnread = channel && channel.kind !== "global" && channel.lastSeq - readSeq > FIRST_PAGE_SIZE - CONTEXT_SIZE;
    if (!hasManyUnread || readSeq === 0) return this.loadNewest(target);
    return this.#load(target, "initial", async (log) => {
      const after = Math.max(0, readSeq - CONTEXT_SIZE);
      log.setMiddle(await this.#fetchHistory(target, { after, limit: FIRST_PAGE_SIZE + CONTEXT_SIZE }));
    });
  }

  /** Repeat the last load if it has failed. @param {string} target */
  retry(target) {
    const { kind, error } = this.#loads.get(target) ?? {};
    if (!error) return;
    if (kind === "older") this.loadOlder(target);
    else if (kind === "newer") this.loadNewer(target);
    else this.reload(target);
  }

  /** @param {string} target */
  loadOlder(target) {
    return this.#load(target, "older", async (log) => {
      log.addOlder(await this.#fetchHistory(target, { before: log.firstSeq }));
    });
  }

  /** @param {string} target */
  loadNewer(target) {
    return this.#load(target, "newer", async (log) => {
      const page = await this.#fetchHistory(target, { after: log.lastSeq });
      log.addNewer(page, this.store.channels.get(target)?.lastSeq ?? 0);
    });
  }

  /** @param {string} target */
  loadNewest(target) {
    return this.#load(target, "initial", async (log) => log.setNewest(await this.#fetchHistory(target, { limit: FIRST_PAGE_SIZE })));
  }

  /**
   * Scroll to a message of the open channel, which is loaded if need be. Resolves with false if there is no such message.
   * @param {string} target
   * @param {number} seq
   * @returns {Promise<boolean>}
   */
  async reveal(target, seq) {
    await this.#loadAround(target, seq);
    // Meanwhile the user may have opened another channel.
    if (target === this.store.currentTarget) this.emit("reveal", { target, seq });
    // The timeline shows why loading has failed.
    return this.loadOf(target) !== null || this.#isLoaded(target, seq);
  }

  /** Load the messages around a message unless it is loaded. @param {string} target @param {number} seq */
  async #loadAround(target, seq) {
    if (this.#isLoaded(target, seq)) return;
    await this.#load(target, "initial", async (log) => {
      log.setMiddle(await this.#fetchHistory(target, { after: Math.max(0, seq - PAGE_SIZE / 2) }));
    });
  }

  /** @param {string} target @param {number} seq */
  #isLoaded(target, seq) {
    return this.store.logs.get(target)?.messages.some((message) => message.seq === seq) ?? false;
  }

  /**
   * Return a quoted message from the log, or request it once. Null: unavailable; undefined: not yet known.
   * @param {string} target
   * @param {string} id
   * @returns {Message | null | undefined}
   */
  quotedMessage(target, id) {
    const logged = this.store.logs.get(target)?.byId(id);
    if (logged || this.store.quotedMessages.has(id)) return logged ?? this.store.quotedMessages.get(id);
    if (!this.socket.isReady) return undefined;
    const keep = (/** @type {Message | null} */ message) => {
      this.store.quotedMessages.set(id, message);
      this.store.emit("log", target);
    };
    this.socket.request("message.get", { target, id }).then(keep, (error) => error instanceof RequestError && keep(null));
    return undefined;
  }

  /**
   * Send a message in the open channel now, or when there is a connection.
   * @param {string} text
   * @param {{id: string, seq: number} | null} replyTo
   * @param {Upload[]} [uploads] its files, also such as are not uploaded yet
   */
  send(text, replyTo, uploads = []) {
    const { channel } = this.store;
    if (!channel) return;
    this.store.dividerSeq = null;
    const appId = channel.kind === "global" ? this.store.app.appId : null;
    const reply = replyTo ? { replyTo: replyTo.id, replySeq: replyTo.seq } : {};
    const files = uploads.length ? { files: uploads.map(outboxFile) } : {};
    this.outbox.add({ target: channel.target, appId, text, since: channel.lastSeq, ...files, ...reply });
    this.emit("sending", channel.target);
  }

  /** Rejects with RequestError or DisconnectedError. @param {Pick<Message, "target" | "id">} message @param {string} text */
  async edit({ target, id }, text) {
    const edit = await this.socket.request("message.edit", { target, id, msg: text });
    this.store.editMessage({ ...edit, target });
  }

  /** Rejects with RequestError or DisconnectedError. @param {Message} message */
  async recall({ target, id, seq, threadId }) {
    const { position } = await this.socket.request("message.recall", { target, id });
    this.store.recallMessage({ target, id, seq, position, ...(threadId ? { threadId } : {}) });
  }

  /** The user has seen everything up to this message. The server is told soon, in one request. @param {string} target @param {number} seq */
  markRead(target, seq) {
    if (!this.store.setRead(target, seq)) return;
    this.store.unsentReads.set(target, seq);
    this.#markReadTimer ||= setTimeout(() => this.#sendReads(), MARK_READ_DELAY_MS);
  }

  #sendReads() {
    clearTimeout(this.#markReadTimer);
    this.#markReadTimer = 0;
    const { unsentReads } = this.store;
    for (const [target, seq] of unsentReads) {
      const forget = () => unsentReads.get(target) === seq && unsentReads.delete(target);
      this.socket.request("read.mark", { target, seq }).then(forget, (error) => {
        // Without a connection, or with too many requests, it is told after the next mark or reconnect.
        if (error instanceof RequestError && !error.isTransient) forget();
      });
    }
  }

  /** @param {OutboxEntry} entry @param {SendReply} reply */
  #onSent({ clientMsgId, text, files, replyTo, replySeq, threadId, alsoToChannel, target }, { target: sentTo, id, seq, time, position, mentions }) {
    const { me } = this.store;
    if (!me) return;
    const thread = threadId ? { threadId, threadOnly: !alsoToChannel } : {};
    const reference = { ...(replyTo ? { replyTo, replySeq } : {}), ...thread };
    const sender = { from: me.userId, fromId: me.id, name: me.name, avatar: me.avatar };
    /** @type {LoggedMessage} */
    const message = { ...reference, ...sender, ...contentOf(text, files), clientMsgId, target: sentTo, id, seq, time, position, mentions };
    this.store.addMessage(message);
    this.gapFiller.check(target);
  }

  /** @param {string} target @param {LoadKind} kind @param {(log: ChannelLog) => Promise<void>} work */
  async #load(target, kind, work) {
    const running = this.#loads.get(target);
    if (running && !running.error && kind !== "initial") return;
    /** @type {Load} */
    const load = { kind, error: null };
    this.#loads.set(target, load);
    this.emit("loading", target);
    const log = this.store.openLog(target);
    try {
      await work(log);
      if (this.#loads.get(target) === load) this.#loads.delete(target);
      this.store.emit("log", target);
      this.gapFiller.check(target);
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      load.error = error;
    }
    this.emit("loading", target);
  }

  /** @param {string} target @param {{before?: number, after?: number, limit?: number}} range @returns {Promise<HistoryPage>} */
  #fetchHistory(target, range) {
    return this.socket.request("message.history", { target, limit: PAGE_SIZE, ...range });
  }
}
