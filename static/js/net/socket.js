/**
 * One connection to `/acc` that comes back by itself: connect, log in, catch up, beat, retry. Knows no DOM and no state
 * of the chat; what arrives leaves as events.
 *
 * Events: `status` (detail {status, retryAt, reason}), `ready` (detail {login, resumed}: logged in and caught up),
 * `reset` (too much was missed: load everything anew), `refused` (detail Refused at the log-in). Pushes: see `onPush`.
 *
 * @import { Answer } from "./protocol.js"
 */
import { Close, Code, Disconnected, Refused, answer, backOff, decode, encode, result } from "./protocol.js";

const HEARTBEAT = 25_000;
const ANSWER_WITHIN = 30_000;
const CONNECT_WITHIN = 10_000;
/** A connection that held this long is a good one: the next time, waiting begins anew. */
const STABLE = 10_000;

/** @typedef {{appId: number, userId?: string, serviceToken?: string}} Credentials */

export class Socket extends EventTarget {
  /** @type {WebSocket | null} */ #ws = null;
  /** @type {Map<string, {cmd: string, done: (answer: any) => void, fail: (error: Error) => void, timer: number}>} */ #waiting = new Map();
  /** Kinds of pushes that a part of the page handles. @type {Set<string>} */ #handled = new Set();
  /** Kinds that arrived without a handler; each is logged once. @type {Set<string>} */ #unhandled = new Set();
  /** @type {Credentials | null} */ #credentials = null;
  /** @type {number | null} */ #position = null;
  #counter = 0;
  #attempt = 0;
  #retryTimer = 0;
  #beatTimer = 0;
  #stableTimer = 0;
  #status = "idle";

  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
  }

  /** `idle`, `connecting`, `catching-up`, `ready`, `waiting` (for the next try) or `ended` (will not try by itself). */
  get status() {
    return this.#status;
  }

  get ready() {
    return this.#status === "ready";
  }

  /**
   * Calls `handle` with the data of every push of this kind. A kind may have several handlers; a push without any is
   * logged to the console.
   * @param {string} kind @param {(data: any) => void} handle
   */
  onPush(kind, handle) {
    this.#handled.add(kind);
    this.addEventListener(`push:${kind}`, (event) => handle(/** @type {CustomEvent} */ (event).detail));
  }

  /** Connects as this person, instead of whatever was before. @param {Credentials} credentials */
  start(credentials) {
    this.stop();
    this.#credentials = credentials;
    this.#position = null;
    this.#attempt = 0;
    this.#connect();
  }

  stop() {
    this.#credentials = null;
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#tell("idle");
  }

  /** The network or the person is back: tries at once if a try is due later, checks the connection if there is one. */
  retryNow() {
    if (this.#status === "waiting") this.#connect();
    else if (this.#status === "ready") this.#check();
  }

  /** The connection is of no use, though it stands: leaves it, and tries again later. */
  giveUp() {
    if (this.#ws) this.#lost("fault");
  }

  /**
   * Sends a request; resolves with the reply's data. Throws Refused, or Disconnected where the outcome is unknown.
   * @param {string} cmd @param {object} [data] @returns {Promise<any>}
   */
  request(cmd, data = {}) {
    const ws = this.#ws;
    if (!ws || ws.readyState !== WebSocket.OPEN) return Promise.reject(new Disconnected("not connected"));
    // A letter before it: the seq of a push is a number.
    const seq = `c${++this.#counter}`;
    return new Promise((done, fail) => {
      // A connection that leaves a request unanswered is as good as gone.
      const timer = setTimeout(() => ws === this.#ws && this.#lost("silent"), ANSWER_WITHIN);
      this.#waiting.set(seq, { cmd, done, fail, timer });
      ws.send(encode(seq, cmd, data));
    });
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#tell("connecting");
    const ws = new WebSocket(this.url);
    this.#ws = ws;
    const late = setTimeout(() => ws === this.#ws && this.#lost("silent"), CONNECT_WITHIN);
    ws.onopen = () => {
      clearTimeout(late);
      if (ws === this.#ws) this.#logIn(ws);
    };
    ws.onmessage = (event) => ws === this.#ws && this.#receive(event.data);
    ws.onclose = (event) => {
      clearTimeout(late);
      if (ws === this.#ws) this.#lost("closed", event.code, event.reason);
    };
  }

  /** @param {WebSocket} ws */
  async #logIn(ws) {
    const resumed = this.#position !== null;
    const after = resumed ? { after: this.#position } : {};
    try {
      const login = await this.request("login", { ...this.#credentials, ...after });
      if (ws !== this.#ws) return;
      // A new guest comes back, after a lost connection too, with the token instead of as yet another guest.
      if (login.serviceToken) this.#credentials = { appId: login.appId, serviceToken: login.serviceToken };
      this.#tell("catching-up");
      if (resumed) await this.#catchUp(ws);
      else this.#position = login.position;
      if (ws !== this.#ws) return;
      this.#stableTimer = setTimeout(() => (this.#attempt = 0), STABLE);
      this.#beatTimer = setInterval(() => this.#beat(), HEARTBEAT);
      this.#tell("ready");
      this.#emit("ready", { login, resumed });
    } catch (error) {
      if (ws !== this.#ws) return;
      if (!(error instanceof Refused) || error.passing || error.code === Code.FAILED) {
        this.#lost("fault");
        return;
      }
      this.#end();
      this.#emit("refused", error);
    }
  }

  /** Asks for everything missed until nothing is left, so that what is sent next stands after it. @param {WebSocket} ws */
  async #catchUp(ws) {
    for (let more = true; more && ws === this.#ws; ) {
      const page = await this.request("sync", { after: this.#position });
      if (ws !== this.#ws) return;
      if (page.reset) this.#emit("reset", null);
      for (const envelope of page.events ?? []) this.#push(answer(envelope));
      this.#position = page.position;
      more = Boolean(page.hasMore);
    }
  }

  /** @param {string | Blob} frame */
  #receive(frame) {
    if (typeof frame !== "string") return;
    for (const given of decode(frame)) {
      // A push may carry any `seq`, also that of a request: another system may have chosen it.
      const waiting = this.#waiting.get(given.seq);
      if (waiting?.cmd !== given.cmd) {
        this.#push(given);
        continue;
      }
      this.#waiting.delete(given.seq);
      clearTimeout(waiting.timer);
      try {
        waiting.done(result(given));
      } catch (refused) {
        waiting.fail(/** @type {Error} */ (refused));
      }
    }
  }

  /** @param {Answer} push */
  #push({ cmd, data }) {
    if (this.#handled.has(cmd)) this.#emit(`push:${cmd}`, data);
    else if (!this.#unhandled.has(cmd)) {
      this.#unhandled.add(cmd);
      console.warn(`The page has no handler for pushes of the kind "${cmd}".`);
    }
  }

  async #beat() {
    const ws = this.#ws;
    try {
      const { position } = await this.request("heartbeat");
      if (ws === this.#ws && typeof position === "number") this.#position = position;
    } catch {
      // The connection is going, and says so by itself.
    }
  }

  /** Finds out soon whether the connection still lives. */
  #check() {
    const ws = this.#ws;
    const timer = setTimeout(() => ws === this.#ws && this.#lost("silent"), 4000);
    this.request("ping").catch(() => {}).finally(() => clearTimeout(timer));
  }

  /** @param {string} reason @param {number} [code] @param {string} [hint] what the server said on closing */
  #lost(reason, code, hint = "") {
    this.#drop();
    if (code === Close.SIGNED_OUT) {
      this.#end();
      this.#emit("refused", new Refused(Code.NOT_LOGGED_IN, "signed out", {}));
      return;
    }
    // A server that goes says when to come back, to each client another time.
    const told = code === Close.RESTART ? /^retry in (\d+(?:\.\d+)?)s$/.exec(hint) : null;
    const slow = code === Close.TOO_MANY || code === Close.FLOOD;
    if (!told) this.#attempt += slow ? 4 : 1;
    const wait = told ? Math.min(15, Number(told[1])) * 1000 : backOff(this.#attempt, Math.random());
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    this.#tell("waiting", Date.now() + wait, code === Close.TOO_MANY ? "too-many" : reason);
  }

  #end() {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#credentials = null;
    this.#tell("ended");
  }

  #drop() {
    clearInterval(this.#beatTimer);
    clearTimeout(this.#stableTimer);
    const ws = this.#ws;
    this.#ws = null;
    if (ws) {
      ws.onopen = ws.onmessage = ws.onclose = null;
      ws.close();
    }
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { fail, timer } of waiting) {
      clearTimeout(timer);
      fail(new Disconnected("the connection was lost"));
    }
  }

  /** @param {string} status @param {number} [retryAt] @param {string} [reason] */
  #tell(status, retryAt = 0, reason = "") {
    this.#status = status;
    this.#emit("status", { status, retryAt, reason });
  }

  /** @param {string} type @param {any} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
