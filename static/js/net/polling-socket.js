/**
 * A connection to `/acc` by HTTP calls, for networks that let no WebSocket through. It works like the part of the
 * browser's WebSocket that `Socket` uses. See "Without WebSockets" in chat/wire/README.md.
 *
 * @typedef {{onopen: ((event: object) => void) | null, onmessage: ((event: {data: string}) => void) | null,
 *   onclose: ((event: {code: number, reason: string}) => void) | null}} SocketHandlers
 * @typedef {{connection?: string, frames?: string[], last?: number, code?: number, closeReason?: string}} CallAnswer
 */

/** The states of a WebSocket. */
export const CONNECTING = 0, OPEN = 1, CLOSED = 3;

/** Longer than the server lets a poll wait. */
const POLL_TIMEOUT_MS = 40_000;
const CALL_TIMEOUT_MS = 15_000;
/** A call that gets no answer is repeated for this long. Without a poll, the server gives the connection up after 30 s. */
const RETRY_FOR_MS = 25_000;
/** The average pause before that. */
const RETRY_DELAY_MS = 1_000;
const MAX_FRAMES = 100;
/** Characters of the frames in one call. The server takes up to 256 KiB. */
const MAX_CHARACTERS = 60_000;
/** Statuses after which the same call may succeed: another poll, a rate limit, or a server that is busy. */
const TRANSIENT = new Set([409, 429, 500, 502, 503, 504]);
const NORMAL = 1000;
const LOST = 1006;

/** The connection cannot go on. */
class ConnectionLost extends Error {}

export class PollingSocket {
  readyState = CONNECTING;
  /** @type {SocketHandlers["onopen"]} */ onopen = null;
  /** @type {SocketHandlers["onmessage"]} */ onmessage = null;
  /** @type {SocketHandlers["onclose"]} */ onclose = null;
  #address;
  #query;
  #fetch;
  #connection = "new";
  /** Frames that the server has not taken yet. @type {string[]} */ #unsent = [];
  /** The number of the last frame that the server has taken. */ #sent = 0;
  #isSending = false;
  /** The number of the last frame received. */ #received = 0;
  #abort = new AbortController();

  /** @param {string} url of the WebSocket @param {{fetch?: typeof globalThis.fetch}} [options] */
  constructor(url, { fetch = globalThis.fetch } = {}) {
    const { protocol, host, pathname, search } = new URL(url);
    this.#address = `${protocol.replace("ws", "http")}//${host}${pathname}/polling/`;
    this.#query = search;
    // Browsers require that it is called as a function of the window.
    this.#fetch = (/** @type {Parameters<typeof fetch>} */ ...call) => fetch(...call);
    this.#run();
  }

  /** @param {string} frame */
  send(frame) {
    if (this.readyState !== OPEN) return;
    this.#unsent.push(frame);
    this.#sendAll();
  }

  /** End the connection. Frames that the server has not taken yet are dropped. */
  close() {
    if (this.readyState === CLOSED) return;
    const wasOpen = this.readyState === OPEN;
    this.#end(NORMAL);
    // The page may be about to close, too.
    if (wasOpen) this.#request("close", {}, { keepalive: true }).catch(() => {});
  }

  async #run() {
    try {
      const { connection = "" } = await this.#callOnce(`open${this.#query}`, {}, CALL_TIMEOUT_MS);
      this.#connection = connection;
      if (this.readyState === CLOSED) {
        this.#request("close", {}).catch(() => {});
        return;
      }
      this.readyState = OPEN;
      this.onopen?.({});
      while (this.readyState === OPEN) await this.#poll();
    } catch {
      this.#end(LOST);
    }
  }

  async #poll() {
    const { frames = [], last = 0, code, closeReason } = await this.#call("poll", { after: this.#received }, POLL_TIMEOUT_MS);
    this.#received = last;
    for (const data of frames) {
      if (this.readyState === OPEN) this.onmessage?.({ data });
    }
    if (code !== undefined) this.#end(code, closeReason);
  }

  async #sendAll() {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      // Frames of the same turn go together.
      await Promise.resolve();
      while (this.#unsent.length && this.readyState === OPEN) {
        const frames = this.#nextFrames();
        const { last = 0 } = await this.#call("send", { first: this.#sent + 1, frames }, CALL_TIMEOUT_MS);
        this.#unsent.splice(0, last - this.#sent);
        this.#sent = last;
      }
    } catch {
      this.#end(LOST);
    } finally {
      this.#isSending = false;
    }
  }

  #nextFrames() {
    let characters = 0;
    const end = this.#unsent.findIndex((frame, index) => {
      characters += frame.length;
      return index > 0 && (index === MAX_FRAMES || characters > MAX_CHARACTERS);
    });
    return end < 0 ? this.#unsent.slice() : this.#unsent.slice(0, end);
  }

  /**
   * Make a call until it is answered. The numbers in it let the server recognise a repeated one.
   * @param {string} action @param {object} body @param {number} timeoutMs
   */
  async #call(action, body, timeoutMs) {
    for (let lastTry = 0; ; ) {
      const started = performance.now();
      try {
        return await this.#callOnce(action, body, timeoutMs);
      } catch (error) {
        lastTry ||= started + RETRY_FOR_MS;
        if (error instanceof ConnectionLost || this.readyState !== OPEN || performance.now() > lastTry) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS * (0.5 + Math.random())));
    }
  }

  /** @param {string} action @param {object} body @param {number} timeoutMs @returns {Promise<CallAnswer>} */
  async #callOnce(action, body, timeoutMs) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, timeoutMs);
    this.#abort.signal.addEventListener("abort", abort);
    try {
      const response = await this.#request(action, body, { signal: controller.signal });
      if (!response.ok) throw new (TRANSIENT.has(response.status) ? Error : ConnectionLost)(`${action}: ${response.status}`);
      /** @type {CallAnswer} */
      const answer = await response.json();
      // The sign-in page of a network answers everything, and at once.
      if (answer.connection === undefined && answer.last === undefined) throw new Error(`${action}: not an answer of the server`);
      return answer;
    } finally {
      clearTimeout(timer);
      this.#abort.signal.removeEventListener("abort", abort);
    }
  }

  /** @param {string} action @param {object} body @param {RequestInit} [options] */
  #request(action, body, options) {
    const headers = { "Content-Type": "application/json", "X-Polling-Connection": this.#connection };
    return this.#fetch(this.#address + action, { method: "POST", cache: "no-store", headers, body: JSON.stringify(body), ...options });
  }

  /** @param {number} code @param {string} [reason] */
  #end(code, reason = "") {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#unsent = [];
    this.#abort.abort();
    queueMicrotask(() => this.onclose?.({ code, reason }));
  }
}
