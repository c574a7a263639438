/**
 * Chooses how a `Socket` connects: by WebSocket, or by polling while the network lets no WebSocket through. While
 * polling, it tries a WebSocket from time to time.
 *
 * @import { KeyStorage } from "./memory-storage.js"
 * @typedef {{readyState: number, send: (frame: string) => void, close: () => void,
 *   onopen: ((event: any) => void) | null, onmessage: ((event: any) => void) | null,
 *   onclose: ((event: any) => void) | null}} Connection  the part of a WebSocket that is used
 * @typedef {{isSilent: boolean, isInVain: boolean, isAbrupt: boolean, lastedMs: number}} Loss
 *   `isSilent`: no frame arrived; `isInVain`: it was waited for in vain; `isAbrupt`: ended without a word of the server
 * @typedef {{"websocket-works": null}} TransportEvents  a WebSocket has answered; `open` returns it
 */
import { Emitter } from "./events.js";
import { encodeRequest } from "./protocol.js";

/** Attempts without an answer after which the transport may be blocked, and is. */
const SUSPICIOUS_ATTEMPTS = 2;
const BLOCKED_ATTEMPTS = 3;
/** Connections in a row that were cut within CUT_WITHIN_MS, after which a proxy may cut all of them. */
const CUT_CONNECTIONS = 3;
const CUT_WITHIN_MS = 15_000;
const FIRST_PROBE_MS = 15_000;
const LONGEST_PROBE_PAUSE_MS = 300_000;
const PROBE_TIMEOUT_MS = 10_000;
/** A WebSocket that lasts this long ends the pauses between probes of a network that cuts them. */
const STABLE_AFTER_MS = 60_000;
const STORAGE_KEY = "im.transport";

/** @extends {Emitter<TransportEvents>} */
export class Transports extends Emitter {
  #openWebSocket;
  #openPolling;
  #storage;
  #isPolling;
  #silentAttempts = 0;
  #cutConnections = 0;
  #probeTimer = 0;
  #probePauseMs = FIRST_PROBE_MS;
  /** The WebSocket that is tried, or has answered, while polling. @type {Connection | null} */ #probe = null;
  #hasAnswered = false;

  /**
   * @param {{openWebSocket: () => Connection, openPolling?: (() => Connection) | null, storage?: KeyStorage | null}} options
   *   without `openPolling` it never polls; `storage` remembers how the last page of the tab was connected
   */
  constructor({ openWebSocket, openPolling = null, storage = null }) {
    super();
    this.#openWebSocket = openWebSocket;
    this.#openPolling = openPolling;
    this.#storage = storage;
    this.#isPolling = openPolling !== null && storage?.getItem(STORAGE_KEY) === "polling";
  }

  get isPolling() {
    return this.#isPolling;
  }

  /** True if the present transport may get nothing through. */
  get mayBeBlocked() {
    return this.#silentAttempts >= SUSPICIOUS_ATTEMPTS || this.#cutConnections >= CUT_CONNECTIONS;
  }

  /** True if a WebSocket has answered, which `open` returns. */
  get hasWebSocket() {
    return this.#hasAnswered;
  }

  /** Return a new connection. It may be open already. @returns {Connection} */
  open() {
    if (this.#probe && this.#hasAnswered) {
      const found = this.#probe;
      this.#forgetProbe();
      this.#setPolling(false);
      // If this one is cut as well, polling goes on at once.
      this.#cutConnections = CUT_CONNECTIONS - 1;
      return found;
    }
    if (!this.#isPolling || !this.#openPolling) return this.#openWebSocket();
    if (!this.#probe && !this.#probeTimer) this.#planProbe();
    return this.#openPolling();
  }

  /** Count how a connection ended. @param {Loss} loss */
  noteLoss({ isSilent, isInVain, isAbrupt, lastedMs }) {
    this.#silentAttempts = isSilent ? this.#silentAttempts + (isInVain ? BLOCKED_ATTEMPTS : 1) : 0;
    if (this.#isPolling || isSilent) return;
    this.#cutConnections = isAbrupt && lastedMs < CUT_WITHIN_MS ? this.#cutConnections + 1 : 0;
    if (lastedMs >= STABLE_AFTER_MS) this.#probePauseMs = FIRST_PROBE_MS;
  }

  /** The server is away or refuses WebSockets itself, which says nothing about the network. */
  noteAbsence() {
    this.#silentAttempts = this.#cutConnections = 0;
  }

  /**
   * Use the other transport from now on, if there is one and the present one is blocked; return whether it changes. Plain
   * HTTP must reach the server.
   */
  change() {
    const isBlocked = this.#silentAttempts >= BLOCKED_ATTEMPTS || this.#cutConnections >= CUT_CONNECTIONS;
    if (!this.#openPolling || !isBlocked) return false;
    this.#setPolling(!this.#isPolling);
    if (!this.#isPolling) this.stop();
    return true;
  }

  /** Try a WebSocket soon, because the network may have changed. */
  probeSoon() {
    if (!this.#isPolling || this.#probe) return;
    this.#probePauseMs = FIRST_PROBE_MS;
    this.#tryWebSocket();
  }

  /** Try no WebSocket until the next `open`. */
  stop() {
    const probe = this.#probe;
    this.#forgetProbe();
    probe?.close();
  }

  /** @param {boolean} isPolling */
  #setPolling(isPolling) {
    this.#isPolling = isPolling;
    this.#silentAttempts = this.#cutConnections = 0;
    if (isPolling) this.#storage?.setItem(STORAGE_KEY, "polling");
    else this.#storage?.removeItem(STORAGE_KEY);
  }

  #planProbe() {
    clearTimeout(this.#probeTimer);
    const pause = this.#probePauseMs * (0.75 + Math.random() / 2);
    this.#probeTimer = setTimeout(() => this.#tryWebSocket(), pause);
    this.#probePauseMs = Math.min(LONGEST_PROBE_PAUSE_MS, this.#probePauseMs * 2);
  }

  #tryWebSocket() {
    clearTimeout(this.#probeTimer);
    const probe = this.#openWebSocket();
    this.#probe = probe;
    const fail = () => {
      if (probe !== this.#probe) return;
      this.stop();
      this.#planProbe();
    };
    this.#probeTimer = setTimeout(fail, PROBE_TIMEOUT_MS);
    // Some proxies let the handshake through and no frame.
    probe.onopen = () => probe.send(encodeRequest("probe", "ping", {}));
    probe.onclose = fail;
    probe.onmessage = () => {
      clearTimeout(this.#probeTimer);
      this.#hasAnswered = true;
      this.emit("websocket-works");
    };
  }

  #forgetProbe() {
    clearTimeout(this.#probeTimer);
    this.#probeTimer = 0;
    if (this.#probe) this.#probe.onopen = this.#probe.onmessage = this.#probe.onclose = null;
    this.#probe = null;
    this.#hasAnswered = false;
  }
}
