/**
 * A connection to `/acc` that restores itself: connect, log in, catch up, send heartbeats, reconnect with backoff. It
 * knows neither the DOM nor the state of the chat.
 *
 * @import { Commands, Envelope, LoginReply, Pushes } from "./wire-types.js"
 * @typedef {"idle" | "connecting" | "catching-up" | "ready" | "waiting" | "ended"} SocketStatus
 *   `waiting`: for the next attempt; `ended`: makes no further attempt by itself
 * @typedef {"" | "unresponsive" | "server-fault" | "closed" | "too-many"} LossReason
 * @typedef {{status: SocketStatus, retryAt: number, reason: LossReason}} ConnectionState  `retryAt`: of `waiting`, in ms
 * @typedef {{appId: number, userId?: string, serviceToken?: string}} Credentials
 * @typedef {{cmd: string, resolve: (data: unknown) => void, reject: (error: Error) => void, timer: number}} PendingRequest
 *
 * `ready`: logged in and caught up; `reset`: too much was missed, everything must be loaded again; `refused`: the
 * login failed for good; `user-changed`: the session cookie has become another user's, and the connection has ended.
 * @typedef {{status: ConnectionState, ready: {login: LoginReply, isResumed: boolean}, reset: null,
 *   refused: RequestError, "user-changed": null}} SocketEvents
 */
import { Emitter } from "../lib/events.js";
import { CloseCode, Code, DisconnectedError, RequestError, backoffDelay, decodeFrame, encodeRequest, replyData, toEnvelope } from "./protocol.js";

const HEARTBEAT_INTERVAL_MS = 25_000;
const REPLY_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
const PING_TIMEOUT_MS = 4_000;
/** After a connection has lasted this long, the next backoff starts from the shortest delay. */
const STABLE_AFTER_MS = 10_000;
const MAX_RESTART_DELAY_SECONDS = 15;
/** Attempts that a connection closed for its rate or number counts as. */
const RATE_LIMIT_ATTEMPTS = 4;

/** @extends {Emitter<SocketEvents>} */
export class Socket extends Emitter {
  /** @type {WebSocket | null} */ #ws = null;
  /** @type {Map<string, PendingRequest>} */ #pending = new Map();
  /** Dispatches each push under its kind. */ #pushes = new EventTarget();
  /** Kinds with a handler. @type {Set<string>} */ #handledKinds = new Set();
  /** Kinds that arrived without a handler; each is logged once. @type {Set<string>} */ #unhandledKinds = new Set();
  /** @type {Credentials | null} */ #credentials = null;
  /** @type {number | null} */ #position = null;
  #requestCount = 0;
  #attempt = 0;
  #retryTimer = 0;
  #heartbeatTimer = 0;
  #stableTimer = 0;
  /** @type {SocketStatus} */ #status = "idle";
  /** The id of the only user that may log in here; null: of the first one. @type {string | null} */ #userId;

  /** @param {string} url @param {string | null} [userId]  the id of the user that the page was made for */
  constructor(url, userId = null) {
    super();
    this.url = url;
    this.#userId = userId;
  }

  get status() {
    return this.#status;
  }

  get isReady() {
    return this.#status === "ready";
  }

  /**
   * Call `handle` with the data of every push of this kind. A kind may have several handlers; a push without any is
   * logged to the console.
   * @template {keyof Pushes} Kind
   * @param {Kind} kind
   * @param {(data: Pushes[Kind]) => void} handle
   */
  onPush(kind, handle) {
    this.#handledKinds.add(kind);
    this.#pushes.addEventListener(kind, (event) => handle(/** @type {CustomEvent<Pushes[Kind]>} */ (event).detail));
  }

  /** Connect with these credentials, in place of the present connection. @param {Credentials} credentials */
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
    this.#closeSocket();
    this.#setStatus("idle");
  }

  /** Reconnect at once if an attempt is scheduled; otherwise check that the connection is alive. */
  retryNow() {
    if (this.#status === "waiting") this.#connect();
    else if (this.#status === "ready") this.#checkConnection();
  }

  /** Drop a connection on which the server fails, and reconnect later. */
  reconnectLater() {
    if (this.#ws) this.#onConnectionLost("server-fault");
  }

  /**
   * Send a request and resolve with the data of its reply. Rejects with RequestError, or with DisconnectedError when
   * the outcome is unknown, or before the login: until then the connection may be another user's.
   * @template {keyof Commands} Command
   * @param {Command} cmd
   * @param {Commands[Command]["data"]} [data]
   * @returns {Promise<Commands[Command]["reply"]>}
   */
  request(cmd, data = {}) {
    const isLoggedIn = this.#status === "ready" || this.#status === "catching-up";
    return isLoggedIn ? this.#send(cmd, data) : Promise.reject(new DisconnectedError("not logged in"));
  }

  /**
   * @template {keyof Commands} Command
   * @param {Command} cmd
   * @param {Commands[Command]["data"]} data
   * @returns {Promise<Commands[Command]["reply"]>}
   */
  #send(cmd, data) {
    const ws = this.#ws;
    if (!ws || ws.readyState !== WebSocket.OPEN) return Promise.reject(new DisconnectedError("not connected"));
    // The letter keeps it apart from the seq of most pushes, which is a number.
    const seq = `c${++this.#requestCount}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => ws === this.#ws && this.#onConnectionLost("unresponsive"), REPLY_TIMEOUT_MS);
      this.#pending.set(seq, { cmd, resolve: /** @type {(data: unknown) => void} */ (resolve), reject, timer });
      ws.send(encodeRequest(seq, cmd, data));
    });
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#closeSocket();
    this.#setStatus("connecting");
    const ws = new WebSocket(this.url);
    this.#ws = ws;
    const timer = setTimeout(() => ws === this.#ws && this.#onConnectionLost("unresponsive"), CONNECT_TIMEOUT_MS);
    ws.onopen = () => {
      clearTimeout(timer);
      if (ws === this.#ws) this.#logIn(ws);
    };
    ws.onmessage = (event) => ws === this.#ws && this.#onFrame(event.data);
    ws.onclose = (event) => {
      clearTimeout(timer);
      if (ws === this.#ws) this.#onConnectionLost("closed", event.code, event.reason);
    };
  }

  /** @param {WebSocket} ws */
  async #logIn(ws) {
    const credentials = /** @type {Credentials} */ (this.#credentials);
    const position = this.#position;
    try {
      const login = await this.#send("login", position === null ? credentials : { ...credentials, after: position });
      if (ws !== this.#ws) return;
      if (this.#userId !== null && login.id !== this.#userId) {
        this.#end();
        this.emit("user-changed");
        return;
      }
      this.#userId = login.id;
      // A new guest must return as the same guest after a lost connection.
      if (login.serviceToken) this.#credentials = { appId: login.appId, serviceToken: login.serviceToken };
      this.#setStatus("catching-up");
      if (position === null) this.#position = login.position;
      else await this.#catchUp(ws, position);
      if (ws !== this.#ws) return;
      this.#stableTimer = setTimeout(() => (this.#attempt = 0), STABLE_AFTER_MS);
      this.#heartbeatTimer = setInterval(() => this.#sendHeartbeat(), HEARTBEAT_INTERVAL_MS);
      this.#setStatus("ready");
      this.emit("ready", { login, isResumed: position !== null });
    } catch (error) {
      if (ws !== this.#ws) return;
      if (!(error instanceof RequestError) || error.isTransient || error.code === Code.FAILED) {
        this.#onConnectionLost("server-fault");
        return;
      }
      this.#end();
      this.emit("refused", error);
    }
  }

  /**
   * Fetch all missed events, so that what is sent next comes after them.
   * @param {WebSocket} ws
   * @param {number} position
   */
  async #catchUp(ws, position) {
    for (let hasMore = true; hasMore && ws === this.#ws; ) {
      const page = await this.request("sync", { after: position });
      if (ws !== this.#ws) return;
      if (page.reset) this.emit("reset");
      for (const envelope of page.events ?? []) this.#dispatchPush(toEnvelope(envelope));
      position = this.#position = page.position;
      hasMore = Boolean(page.hasMore);
    }
  }

  /** @param {string | Blob} frame */
  #onFrame(frame) {
    if (typeof frame !== "string") return;
    for (const envelope of decodeFrame(frame)) {
      // A push may carry any `seq`, even that of a request: another system may have chosen it.
      const pending = this.#pending.get(envelope.seq);
      if (pending?.cmd !== envelope.cmd) {
        this.#dispatchPush(envelope);
        continue;
      }
      this.#pending.delete(envelope.seq);
      clearTimeout(pending.timer);
      try {
        pending.resolve(replyData(envelope));
      } catch (error) {
        pending.reject(/** @type {RequestError} */ (error));
      }
    }
  }

  /** @param {Envelope} push */
  #dispatchPush({ cmd, data }) {
    if (this.#handledKinds.has(cmd)) this.#pushes.dispatchEvent(new CustomEvent(cmd, { detail: data }));
    else if (!this.#unhandledKinds.has(cmd)) {
      this.#unhandledKinds.add(cmd);
      console.warn(`The page has no handler for pushes of the kind "${cmd}".`);
    }
  }

  async #sendHeartbeat() {
    const ws = this.#ws;
    try {
      const { position } = await this.request("heartbeat");
      if (ws === this.#ws && typeof position === "number") this.#position = position;
    } catch {
      // A lost connection is handled where it is detected.
    }
  }

  #checkConnection() {
    const ws = this.#ws;
    const timer = setTimeout(() => ws === this.#ws && this.#onConnectionLost("unresponsive"), PING_TIMEOUT_MS);
    this.request("ping").catch(() => {}).finally(() => clearTimeout(timer));
  }

  /** @param {LossReason} reason @param {number} [code] @param {string} [closeReason] sent by the server */
  #onConnectionLost(reason, code, closeReason = "") {
    this.#closeSocket();
    if (code === CloseCode.SIGNED_OUT) {
      this.#end();
      this.emit("refused", new RequestError(Code.NOT_LOGGED_IN, "signed out", {}));
      return;
    }
    // A server that restarts gives each client another time to come back.
    const restart = code === CloseCode.RESTART ? /^retry in (\d+(?:\.\d+)?)s$/.exec(closeReason) : null;
    const isRateLimited = code === CloseCode.TOO_MANY_CONNECTIONS || code === CloseCode.FLOOD;
    if (!restart) this.#attempt += isRateLimited ? RATE_LIMIT_ATTEMPTS : 1;
    const delay = restart
      ? Math.min(MAX_RESTART_DELAY_SECONDS, Number(restart[1])) * 1000
      : backoffDelay(this.#attempt, Math.random());
    this.#retryTimer = setTimeout(() => this.#connect(), delay);
    this.#setStatus("waiting", Date.now() + delay, code === CloseCode.TOO_MANY_CONNECTIONS ? "too-many" : reason);
  }

  #end() {
    clearTimeout(this.#retryTimer);
    this.#closeSocket();
    this.#credentials = null;
    this.#setStatus("ended");
  }

  #closeSocket() {
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#stableTimer);
    const ws = this.#ws;
    this.#ws = null;
    if (ws) {
      ws.onopen = ws.onmessage = ws.onclose = null;
      ws.close();
    }
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, timer } of pending) {
      clearTimeout(timer);
      reject(new DisconnectedError("the connection was lost"));
    }
  }

  /** @param {SocketStatus} status @param {number} [retryAt] @param {LossReason} [reason] */
  #setStatus(status, retryAt = 0, reason = "") {
    this.#status = status;
    this.emit("status", { status, retryAt, reason });
  }
}
