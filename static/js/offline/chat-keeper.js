/**
 * Writes the offline copy of the chat: the end of what the page has in memory. So a recall, a deletion or a kick removes
 * messages there and, with the next write, here. One tab writes at a time; the next one begins with all that it has. No DOM.
 *
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 * @import { KeptUser } from "./kept-chat.js"
 */
import { isReadable, keptChannels, keptLog, keptTargets } from "./kept-chat.js";
import { KeptDatabase } from "./kept-database.js";

const LOCK = "im-offline";
/** Milliseconds between two writes: a burst of messages is one. */
const WRITE_INTERVAL_MS = 1500;
const IDLE_TIMEOUT_MS = 2000;

export class ChatKeeper {
  #database = new KeptDatabase();
  /** Ends the turn of this tab, or its waiting for one. @type {AbortController | null} */ #turn = null;
  /** True once this tab has begun to keep the chat. */ #isTurn = false;
  /** Targets whose messages have changed since the last write. @type {Set<string>} */ #changedLogs = new Set();
  #areChannelsChanged = false;
  /** True while the page must load everything anew: its messages are older than its position. */ #isOutdated = false;
  /** Targets whose messages are kept. @type {Set<string>} */ #keptTargets = new Set();
  #timer = 0;
  /** When the server last accepted the user, in ms. */ #contactAt = 0;
  #position = 0;

  /**
   * @param {{store: Store, socket: Socket, settings: () => Pick<KeptUser, "staff" | "timeZone" | "sidebar">,
   *   onTurn: (database: KeptDatabase) => Promise<void>}} deps
   *   `onTurn`: awaited before this tab replaces what is kept
   */
  constructor({ store, socket, settings, onTurn }) {
    this.store = store;
    this.settings = settings;
    this.onTurn = onTurn;
    store.on("log", (target) => this.#onChange(target));
    store.on("channels", () => {
      this.#areChannelsChanged = true;
      this.#onChange();
    });
    socket.on("reset", () => (this.#isOutdated = true));
    socket.on("position", (position) => {
      this.#position = position;
      this.#contactAt = Date.now();
      this.#onChange();
    });
  }

  /** True if the server has not accepted the user for so long that nothing of the chat may be shown. */
  get isExpired() {
    return this.#contactAt > 0 && !isReadable({ contactAt: this.#contactAt }, Date.now());
  }

  /** Go on from what was kept. @param {KeptUser} user */
  resume({ contactAt, position }) {
    this.#contactAt = contactAt;
    this.#position = position;
  }

  /** Keep the chat from now on, as soon as no other tab does. The page has loaded it, or is up to date again. */
  start() {
    this.#isOutdated = false;
    if (this.#turn) {
      // The copy has been deleted meanwhile, and the server has accepted the user again.
      if (this.#isTurn && !this.#database.isOpen) this.#begin(this.#turn.signal);
      return;
    }
    const { signal } = (this.#turn = new AbortController());
    const ended = new Promise((resolve) => signal.addEventListener("abort", resolve));
    const work = async () => {
      if (signal.aborted) return;
      // Another tab must not wait for the beginning of one that has stopped.
      await Promise.race([this.#begin(signal), ended]);
      this.#isTurn = !signal.aborted;
      await ended;
    };
    navigator.locks.request(LOCK, { signal }, work).catch(() => {});
  }

  /** Keep nothing more, and leave what is kept. */
  stop() {
    this.#turn?.abort();
    this.#turn = null;
    this.#isTurn = false;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#database.close();
  }

  /** Keep nothing more, and delete what is kept. */
  async wipe() {
    this.stop();
    this.#contactAt = 0;
    await this.#database.delete();
  }

  /** Write what has changed at once, because the page may end. */
  flush() {
    if (this.#timer) this.#write();
  }

  /** @param {AbortSignal} signal */
  async #begin(signal) {
    try {
      await this.onTurn(this.#database);
      if (signal.aborted) return;
      await this.#database.open();
    } catch {
      // The browser has no room, or no databases.
      return;
    }
    if (signal.aborted) this.#database.close();
    else await this.#write(true);
  }

  /** @param {string} [target] */
  #onChange(target) {
    if (target) this.#changedLogs.add(target);
    if (this.#timer || !this.#database.isOpen) return;
    this.#timer = setTimeout(() => {
      // Typing and drawing come first.
      if ("requestIdleCallback" in window) requestIdleCallback(() => this.#write(), { timeout: IDLE_TIMEOUT_MS });
      else this.#write();
    }, WRITE_INTERVAL_MS);
  }

  async #write(replacesAll = false) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const { store } = this;
    const { me, app } = store;
    if (!me || !store.isChannelListLoaded || this.#isOutdated || !this.#database.isOpen) return;
    const now = Date.now();
    const user = { me, app, ...this.settings(), position: this.#position, contactAt: this.#contactAt, savedAt: now };
    const targets = keptTargets(store);
    /** @type {Map<string, string | null>} */
    const logs = new Map();
    for (const target of this.#keptTargets) if (!targets.includes(target)) logs.set(target, null);
    for (const target of targets) {
      const log = store.logs.get(target);
      const isChanged = replacesAll || this.#changedLogs.has(target) || !this.#keptTargets.has(target);
      if (log && isChanged) logs.set(target, keptLog(log));
    }
    const channels = replacesAll || this.#areChannelsChanged ? keptChannels(store) : undefined;
    this.#keptTargets = new Set(targets);
    this.#changedLogs.clear();
    this.#areChannelsChanged = false;
    try {
      await this.#database.write({ user, channels, logs, replacesAll });
    } catch {
      // Where a write fails, a later removal could fail as well.
      if (this.#database.isOpen) await this.wipe();
    }
  }
}
