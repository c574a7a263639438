/**
 * What a person does in the open channel: read it in either direction, write, change, take back. No DOM.
 *
 * Events: `loading` (detail target: the state of a load has changed), `reveal` (detail {target, seq}: bring it into sight),
 * `sending` (detail target: something was written there).
 *
 * @import { Message } from "./protocol.js"
 * @import { LoggedMessage } from "../state/channel-log.js"
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "../state/store.js"
 * @import { Outbox } from "./outbox.js"
 * @typedef {"initial" | "older" | "newer"} Load
 */
import { Disconnected, Refused } from "./protocol.js";
import { PAGE } from "./session.js";

/** Messages shown above the first unread one. */
const CONTEXT = 15;
const MARK_AFTER = 300;

export class Conversation extends EventTarget {
  /** Under way, or failed. @type {Map<string, {load: Load, failed: unknown}>} */ #loads = new Map();
  /** Channels whose reading the server has not been told. @type {Set<string>} */ #marks = new Set();
  #markTimer = 0;

  /** @param {{socket: Socket, store: Store, outbox: Outbox, session: Session}} parts */
  constructor({ socket, store, outbox, session }) {
    super();
    this.socket = socket;
    this.store = store;
    this.outbox = outbox;
    this.session = session;
    outbox.addEventListener("sent", (event) => this.#sent(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener("resumed", () => store.current && this.retry(store.current));
  }

  /** @param {string} target @returns {{load: Load, failed: unknown} | null}  `failed`: the error, if it did */
  loading(target) {
    return this.#loads.get(target) ?? null;
  }

  /** @param {string} target */
  open(target) {
    this.store.setCurrent(target);
    const log = this.store.logOf(target);
    const { unread = 0, readSeq = 0 } = this.store.channel ?? {};
    const beganBefore = unread > 0 && log.hasOlder && readSeq + 1 < log.firstSeq;
    if (!log.loaded || log.hasNewer || beganBefore) this.reload(target);
    else this.session.watchGap(target);
  }

  /** Opens it at one of its messages. @param {string} target @param {number} seq */
  openAt(target, seq) {
    const { channels, current, logs } = this.store;
    if (target !== current) {
      // What came unread is not passed on the way, where it would count as seen.
      if (channels.get(target)?.unread) logs.delete(target);
      this.store.setCurrent(target);
    }
    return this.reveal(target, seq);
  }

  /** Loads where reading stopped, or the newest if there is little to catch up. @param {string} target */
  reload(target) {
    const channel = this.store.channels.get(target);
    const fromMiddle = channel && channel.kind !== "global" && channel.unread > PAGE - CONTEXT && channel.readSeq > 0;
    return this.#load(target, "initial", async (log) => {
      if (fromMiddle) {
        const after = Math.max(0, channel.readSeq - CONTEXT);
        log.setMiddle(await this.#history(target, { after, limit: PAGE + CONTEXT }));
      } else log.setNewest(await this.#history(target, {}));
    });
  }

  /** MessageActions again what failed, if anything did. @param {string} target */
  retry(target) {
    const { load, failed } = this.#loads.get(target) ?? {};
    if (!failed) return;
    if (load === "older") this.loadOlder(target);
    else if (load === "newer") this.loadNewer(target);
    else this.reload(target);
  }

  /** @param {string} target */
  loadOlder(target) {
    return this.#load(target, "older", async (log) => log.addOlder(await this.#history(target, { before: log.firstSeq })));
  }

  /** @param {string} target */
  loadNewer(target) {
    return this.#load(target, "newer", async (log) => {
      const page = await this.#history(target, { after: log.lastSeq });
      log.addNewer(page, this.store.channels.get(target)?.lastSeq ?? 0);
    });
  }

  /** @param {string} target */
  loadNewest(target) {
    return this.#load(target, "initial", async (log) => log.setNewest(await this.#history(target, {})));
  }

  /** Brings a message into sight, wherever it is. @param {string} target @param {number} seq */
  async reveal(target, seq) {
    if (!this.store.log?.messages.some((message) => message.seq === seq)) {
      await this.#load(target, "initial", async (log) =>
        log.setMiddle(await this.#history(target, { after: Math.max(0, seq - PAGE / 2), limit: PAGE })),
      );
    }
    // Who has gone elsewhere meanwhile is not fetched back.
    if (target === this.store.current) this.#tell("reveal", { target, seq });
  }

  /** The message a reply answers: from the window, or fetched once. Null: not available, undefined: on its way.
   * @param {string} target @param {string} id @returns {Message | null | undefined} */
  quoted(target, id) {
    const here = this.store.logs.get(target)?.byId(id);
    if (here || this.store.quotes.has(id)) return here ?? this.store.quotes.get(id);
    if (!this.socket.ready) return undefined;
    const keep = (/** @type {Message | null} */ message) => {
      this.store.quotes.set(id, message);
      this.store.emit("log", target);
    };
    this.socket.request("message.get", { target, id }).then(keep, (error) => error instanceof Refused && keep(null));
    return undefined;
  }

  /** Goes out at once, or when there is a connection. @param {string} text @param {{id: string, seq: number} | null} replyTo */
  send(text, replyTo) {
    const channel = this.store.channel;
    if (!channel) return;
    this.store.newAfter = null;
    const appId = channel.kind === "global" ? this.store.app.appId : null;
    const reply = replyTo ? { replyTo: replyTo.id, replySeq: replyTo.seq } : {};
    this.outbox.add({ target: channel.target, appId, text, since: channel.lastSeq, ...reply });
    this.#tell("sending", channel.target);
  }

  /** Throws Refused or Disconnected. @param {Message} message @param {string} text */
  async edit(message, text) {
    const { target, id } = message;
    this.store.editMessage(await this.socket.request("message.edit", { target, id, msg: text }).then((data) => ({ ...data, target })));
  }

  /** Throws Refused or Disconnected. @param {Message} message */
  async recall(message) {
    const { target, id } = message;
    await this.socket.request("message.recall", { target, id });
    this.store.recallMessage({ target, id });
  }

  /** The person has seen everything up to here. Told to the server soon, in one go. @param {string} target @param {number} seq */
  markRead(target, seq) {
    if (!this.store.setRead(target, seq)) return;
    this.#marks.add(target);
    this.#markTimer ||= setTimeout(() => this.#tellMarks(), MARK_AFTER);
  }

  #tellMarks() {
    this.#markTimer = 0;
    for (const target of this.#marks) {
      const seq = this.store.channels.get(target)?.readSeq;
      // What cannot be told now is told after the reconnect.
      if (seq) this.socket.request("read.mark", { target, seq }).catch(() => {});
    }
    this.#marks.clear();
  }

  /** @param {{entry: import("./outbox.js").Entry, reply: any}} detail */
  #sent({ entry, reply }) {
    const { me } = this.store;
    if (!me) return;
    const { clientMsgId, text, replyTo, replySeq } = entry;
    const reference = replyTo ? { replyTo, replySeq } : {};
    /** @type {LoggedMessage} */
    const message = {
      ...reference, clientMsgId, target: reply.target, type: "text", msg: text, from: me.userId, fromId: me.id, name: me.name,
      avatar: me.avatar, id: reply.id, seq: reply.seq, time: reply.time, position: reply.position,
    };
    this.store.addMessage(message);
    this.session.watchGap(entry.target);
  }

  /** @param {string} target @param {Load} load @param {(log: import("../state/channel-log.js").ChannelLog) => Promise<void>} work */
  async #load(target, load, work) {
    const current = this.#loads.get(target);
    if (current && !current.failed && load !== "initial") return;
    const mine = { load, failed: /** @type {unknown} */ (null) };
    this.#loads.set(target, mine);
    this.#tell("loading", target);
    const log = this.store.logOf(target);
    try {
      await work(log);
      if (this.#loads.get(target) === mine) this.#loads.delete(target);
      this.store.emit("log", target);
      this.session.watchGap(target);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Disconnected)) throw error;
      mine.failed = error;
    }
    this.#tell("loading", target);
  }

  /** @param {string} target @param {object} range */
  #history(target, range) {
    return this.socket.request("message.history", { target, limit: PAGE, ...range });
  }

  /** @param {string} type @param {any} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
