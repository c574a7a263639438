/**
 * A connection to `/acc` that restores itself: connect, log in, catch up, send heartbeats, reconnect with backoff. It
 * knows neither the DOM nor the state of the chat.
 *
 * @import { KeyStorage } from "./memory-storage.js"
 * @import { Connection } from "./transports.js"
 * @import { Commands, Envelope, LoginReply, Pushes } from "./wire-types.js"
 * @typedef {"idle" | "connecting" | "catching-up" | "ready" | "waiting" | "ended"} SocketStatus
 *   `waiting`: for the next attempt; `ended`: makes no further attempt by itself
 * @typedef {"" | "unresponsive" | "server-fault" | "closed" | "too-many" | "blocked"} LossReason
 *   `too-many`: the user has too many connections; `blocked`: HTTP reaches the server, WebSockets do not
 * @typedef {{status: SocketStatus, retryAt: number, reason: LossReason, isPolling: boolean}} ConnectionState
 *   `retryAt`: of `waiting`, in ms; `reason`: why the last attempt failed, until one succeeds; `isPolling`: by HTTP calls,
 *   because no WebSocket gets through
 * @typedef {{appId: number, userId?: string, serviceToken?: string}} Credentials  `serviceToken`: without it, the session cookie
 * @typedef {new (url: string) => Connection} WebSocketClass  the browsers', or one that works like it
 *
 * `ready`: logged in and caught up; `reset`: too much was missed, everything must be loaded again; `refused`: the
 * login failed for good; `user-changed`: the session cookie has become another user's, and the connection has ended.
 * @typedef {{status: ConnectionState, ready: {login: LoginReply, isResumed: boolean}, reset: null,
 *   refused: RequestError, "user-changed": null, position: number}} SocketEvents
 *   `position`: the server has accepted the user and passed everything up to here
 */
import { Emitter } from "./events.js";
import { wouldAcceptWebSocket } from "./http-check.js";
import { PositionTracker } from "./position-tracker.js";
import { PushDispatcher } from "./push-dispatcher.js";
import { CloseCode, Code, DisconnectedError, EXPIRED, LoginRefusal, RequestError, toEnvelope } from "./protocol.js";
import { RetrySchedule } from "./retry-schedule.js";
import { RpcConnection } from "./rpc-connection.js";
import { Transports } from "./transports.js";

const HEARTBEAT_INTERVAL_MS = 25_000;
const LOGIN_TIMEOUT_MS = 12_000;
/** The close code of a connection that ended without a close frame. */
const ABNORMAL = 1006;
/** Times that a change of the transport waits for the end of all requests, and for how long each time. */
const CHANGE_TRIES = 50;
const CHANGE_PAUSE_MS = 100;

/** @extends {Emitter<SocketEvents>} */
export class Socket extends Emitter {
  /** @type {RpcConnection | null} */ #connection = null;
  #transports;
  #pushes = new PushDispatcher();
  /** @type {Credentials | null} */ #credentials = null;
  #tracker = new PositionTracker(null);
  #retries = new RetrySchedule(() => this.#connect());
  #heartbeatTimer = 0;
  /** @type {ConnectionState} */ #state = { status: "idle", retryAt: 0, reason: "", isPolling: false };
  /** The id of the only user that may log in here; null: of the first one. @type {string | null} */ #userId;

  /**
   * @param {string} url of `/acc`
   * @param {{userId?: string | null, webSocket?: WebSocketClass, fetch?: typeof globalThis.fetch,
   *   openPolling?: (() => Connection) | null, tabStorage?: KeyStorage}} [options]
   *   `userId`: the id of the user that this program was started for; by default the first one that logs in;
   *   `openPolling`: connects where no WebSocket gets through
   */
  constructor(url, { userId = null, webSocket = globalThis.WebSocket, fetch, openPolling, tabStorage } = {}) {
    super();
    this.url = url;
    this.#userId = userId;
    if (!webSocket) throw new Error("This runtime has no WebSocket: pass a class that works like it.");
    this.fetch = fetch;
    this.#transports = new Transports({ openWebSocket: () => new webSocket(url), openPolling, storage: tabStorage });
    this.#transports.on("websocket-works", () => this.#changeTransport());
  }

  get status() {
    return this.#state.status;
  }

  get isReady() {
    return this.status === "ready";
  }

  /**
   * Call `handle` with the data of every push of this kind. A kind may have several handlers; a push without any is
   * logged to the console.
   * @template {keyof Pushes} Kind
   * @param {Kind} kind
   * @param {(data: Pushes[Kind]) => void} handle
   */
  onPush(kind, handle) {
    this.#pushes.on(kind, handle);
  }

  /** An event of this program's own has this position; after a reconnect it is not passed on. @param {number} position */
  markPassed(position) {
    this.#tracker.markPassed(position);
  }

  /** All pushes up to this position have been passed on; null before the first login. */
  get position() {
    return this.#tracker.confirmed;
  }

  /**
   * Connect with these credentials, in place of the present connection.
   * @param {Credentials} credentials
   * @param {number | null} [after] fetches what came after this position
   */
  start(credentials, after = null) {
    this.stop();
    this.#credentials = credentials;
    this.#tracker = new PositionTracker(after);
    this.#retries.reset();
    this.#connect();
  }

  /**
   * Connect as an earlier page did: as this user only, and with all events after a position.
   * @param {Credentials} credentials @param {string} userId @param {number} position
   */
  resume(credentials, userId, position) {
    this.#userId = userId;
    this.start(credentials, position);
  }

  stop() {
    this.#credentials = null;
    this.#transports.stop();
    this.#retries.cancel();
    this.#closeConnection();
    this.#setStatus("idle");
  }

  /** Reconnect at once if an attempt is scheduled; otherwise check that the connection is alive. */
  retryNow() {
    if (!this.#credentials) return;
    this.#transports.probeSoon();
    if (this.status === "waiting") this.#connect();
    else if (this.isReady) this.#connection?.check();
  }

  /** Give up an attempt that is under way or scheduled, and connect at once. */
  reconnect() {
    if (!this.#credentials) return;
    this.#transports.probeSoon();
    if (this.isReady) this.#connection?.check();
    else this.#connect();
  }

  /** Drop a connection on which the server fails, and reconnect later. */
  reconnectLater() {
    if (this.#connection) this.#onConnectionLost("server-fault");
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
    const isLoggedIn = this.isReady || this.status === "catching-up";
    const connection = isLoggedIn ? this.#connection : null;
    return connection ? connection.request(cmd, data) : Promise.reject(new DisconnectedError("not logged in"));
  }

  #connect() {
    this.#retries.cancel();
    this.#closeConnection();
    this.#setStatus("connecting");
    const connection = (this.#connection = new RpcConnection(this.#transports.open(), {
      onOpen: () => this.#logIn(connection),
      onPush: (push) => this.#dispatch(this.#tracker.receive(push)),
      onLost: (reason, code, closeReason) => this.#onConnectionLost(reason, code, closeReason),
    }));
    connection.start();
  }

  /** @param {RpcConnection} connection */
  async #logIn(connection) {
    const credentials = /** @type {Credentials} */ (this.#credentials);
    const position = this.#tracker.confirmed;
    this.#tracker.startLogin();
    try {
      const data = position === null ? credentials : { ...credentials, after: position };
      const login = await connection.request("login", data, LOGIN_TIMEOUT_MS);
      if (connection.isClosed) return;
      if (this.#userId !== null && login.id !== this.#userId) {
        this.#end();
        this.emit("user-changed");
        return;
      }
      this.#userId = login.id;
      // A new guest must return as the same guest after a lost connection.
      if (login.serviceToken) this.#credentials = { appId: login.appId, serviceToken: login.serviceToken };
      this.#setStatus("catching-up");
      if (position === null) this.#confirm(login.position);
      else await this.#catchUp(connection, position);
      if (connection.isClosed) return;
      this.#retries.noteReady();
      this.#heartbeatTimer = setInterval(() => this.#sendHeartbeat(connection), HEARTBEAT_INTERVAL_MS);
      this.#setStatus("ready");
      this.emit("ready", { login, isResumed: position !== null });
    } catch (error) {
      if (connection.isClosed) return;
      if (error instanceof RequestError && error.reason === LoginRefusal.TOO_MANY_CONNECTIONS) {
        this.#onConnectionLost("too-many");
        return;
      }
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
   * @param {RpcConnection} connection
   * @param {number} position
   */
  async #catchUp(connection, position) {
    for (let hasMore = true; hasMore && !connection.isClosed; ) {
      const page = await connection.request("sync", { after: position });
      if (connection.isClosed) return;
      if (page.reset) {
        this.emit("reset");
        this.#tracker.reset(page.position);
      }
      position = page.position;
      hasMore = Boolean(page.hasMore);
      this.#dispatch(this.#tracker.receivePage((page.events ?? []).map(toEnvelope), hasMore));
      this.#confirm(position);
    }
  }

  /** @param {Envelope[]} pushes */
  #dispatch(pushes) {
    for (const push of pushes) this.#pushes.dispatch(push);
  }

  /** @param {RpcConnection} connection */
  async #sendHeartbeat(connection) {
    try {
      const { position } = await connection.request("heartbeat", {});
      if (!connection.isClosed && typeof position === "number") this.#confirm(position);
    } catch {
      // A lost connection is handled where it is detected.
    }
  }

  /** @param {number} position */
  #confirm(position) {
    this.#tracker.confirm(position);
    this.emit("position", position);
  }

  /** @param {LossReason} reason @param {number} [code] @param {string} [closeReason] sent by the server */
  #onConnectionLost(reason, code, closeReason = "") {
    const { isSilent = true, ageMs: lastedMs = 0 } = this.#connection ?? {};
    this.#closeConnection();
    if (code === CloseCode.SIGNED_OUT && closeReason === EXPIRED) {
      // The session may have been renewed since the login. If it was not, the next login is refused.
      this.#connect();
      return;
    }
    if (code === CloseCode.SIGNED_OUT) {
      this.#end();
      this.emit("refused", new RequestError(Code.NOT_LOGGED_IN, "signed out", {}));
      return;
    }
    const isTooMany = reason === "too-many" || code === CloseCode.TOO_MANY_CONNECTIONS;
    const delay = this.#retries.plan({ isTooMany, code, closeReason });
    const isInVain = reason === "unresponsive";
    const isAbrupt = isInVain || (reason === "closed" && code === ABNORMAL);
    this.#transports.noteLoss({ isSilent, isInVain, isAbrupt, lastedMs });
    const { mayBeBlocked } = this.#transports;
    const wasBlocked = mayBeBlocked && this.#state.reason === "blocked";
    this.#setStatus("waiting", Date.now() + delay, isTooMany ? "too-many" : wasBlocked ? "blocked" : reason);
    if (mayBeBlocked) this.#checkIfBlocked();
  }

  /** Name a network or proxy that lets HTTP through, but no WebSocket that the server would accept, and poll there. */
  async #checkIfBlocked() {
    const isAccepting = await wouldAcceptWebSocket(this.url, this.fetch);
    const reason = isAccepting ? "blocked" : "closed";
    if (!isAccepting) this.#transports.noteAbsence();
    const { status, retryAt } = this.#state;
    const isTrying = status === "waiting" || status === "connecting";
    if (!isTrying) return;
    const hasChanged = isAccepting && this.#transports.change();
    if (hasChanged && this.#transports.isPolling) this.#connect();
    else this.#setStatus(status, retryAt, reason);
  }

  /** Go over to the WebSocket that gets through, between two requests. */
  #changeTransport(tries = CHANGE_TRIES) {
    if (!this.#transports.hasWebSocket) return;
    const isBusy = this.status !== "waiting" && !(this.isReady && this.#connection?.isIdle);
    if (isBusy && tries) setTimeout(() => this.#changeTransport(tries - 1), CHANGE_PAUSE_MS);
    else this.#connect();
  }

  #end() {
    this.#transports.stop();
    this.#retries.cancel();
    this.#closeConnection();
    this.#credentials = null;
    this.#setStatus("ended");
  }

  #closeConnection() {
    clearInterval(this.#heartbeatTimer);
    this.#retries.noteEnd();
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
  }

  /** @param {SocketStatus} status @param {number} [retryAt] @param {LossReason} [reason] by default kept until `ready` */
  #setStatus(status, retryAt = 0, reason = this.#state.reason) {
    const isOver = status === "ready" || status === "idle" || status === "ended";
    this.#state = { status, retryAt, reason: isOver ? "" : reason, isPolling: this.#transports.isPolling };
    this.emit("status", this.#state);
  }
}
