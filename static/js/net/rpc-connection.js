/**
 * One connection to the server: sends requests, matches replies to them, passes on pushes, and notices when it is dead. It
 * is used once, and tells nothing more once it is lost or closed.
 *
 * @import { Connection } from "./transports.js"
 * @import { Commands, Envelope } from "./wire-types.js"
 * @typedef {{onOpen: () => void, onPush: (push: Envelope) => void,
 *   onLost: (reason: "closed" | "unresponsive", code?: number, closeReason?: string) => void}} ConnectionHandlers
 *   `code`, `closeReason`: of a closed one, as the server has sent them
 */
import { PendingRequests } from "./pending-requests.js";
import { DisconnectedError, decodeFrame, encodeRequest } from "./protocol.js";

const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 30_000;
const PING_TIMEOUT_MS = 4_000;
/** The `readyState` of an open WebSocket. */
const OPEN = 1;

export class RpcConnection {
  #ws;
  #handlers;
  #pending = new PendingRequests();
  #connectTimer = 0;
  #madeAt = performance.now();
  /** True if no frame has arrived. */ isSilent = true;
  #isClosed = false;

  /** @param {Connection} ws  may be open already @param {ConnectionHandlers} handlers */
  constructor(ws, handlers) {
    this.#ws = ws;
    this.#handlers = handlers;
  }

  /** True once it is lost or closed. */
  get isClosed() {
    return this.#isClosed;
  }

  /** The time since it was made, in ms. */
  get ageMs() {
    return performance.now() - this.#madeAt;
  }

  /** True if no request waits for its reply. */
  get isIdle() {
    return this.#pending.isEmpty;
  }

  /** Call the handlers from now on. */
  start() {
    const ws = this.#ws;
    this.#connectTimer = setTimeout(() => this.#lose("unresponsive"), CONNECT_TIMEOUT_MS);
    ws.onopen = () => this.#onOpen();
    ws.onmessage = ({ data }) => this.#onFrame(data);
    ws.onclose = ({ code, reason }) => this.#lose("closed", code, reason);
    if (ws.readyState === OPEN) this.#onOpen();
  }

  /**
   * Send a request and resolve with the data of its reply. Rejects with RequestError, or with DisconnectedError when the
   * outcome is unknown. A connection whose reply does not come in time is lost.
   * @template {keyof Commands} Command
   * @param {Command} cmd
   * @param {Commands[Command]["data"]} data
   * @param {number} [timeoutMs]
   * @returns {Promise<Commands[Command]["reply"]>}
   */
  request(cmd, data, timeoutMs = REPLY_TIMEOUT_MS) {
    const ws = this.#ws;
    if (this.#isClosed || ws.readyState !== OPEN) return Promise.reject(new DisconnectedError("not connected"));
    const send = (/** @type {string} */ seq) => ws.send(encodeRequest(seq, cmd, data));
    const reply = this.#pending.add({ cmd, timeoutMs, onTimeout: () => this.#lose("unresponsive"), send });
    return /** @type {Promise<Commands[Command]["reply"]>} */ (reply);
  }

  /** Ask the server for a sign of life. Without one, the connection is lost soon. */
  check() {
    this.request("ping", {}, PING_TIMEOUT_MS).catch(() => {});
  }

  /** Close it. Requests that wait are rejected with DisconnectedError. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#connectTimer);
    const ws = this.#ws;
    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close();
    this.#pending.rejectAll();
  }

  #onOpen() {
    clearTimeout(this.#connectTimer);
    this.#handlers.onOpen();
  }

  /** @param {string | Blob} frame */
  #onFrame(frame) {
    if (typeof frame !== "string") return;
    this.isSilent = false;
    for (const envelope of decodeFrame(frame)) {
      // A handler may have closed it.
      if (this.#isClosed) return;
      if (!this.#pending.settle(envelope)) this.#handlers.onPush(envelope);
    }
  }

  /** @param {"closed" | "unresponsive"} reason @param {number} [code] @param {string} [closeReason] */
  #lose(reason, code, closeReason = "") {
    if (this.#isClosed) return;
    this.close();
    this.#handlers.onLost(reason, code, closeReason);
  }
}
