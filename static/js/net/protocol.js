/**
 * Encodes and decodes the envelopes of the JSON protocol at `/acc`, and classifies its error codes. Pure: no socket, no
 * DOM, no clock.
 *
 * @import { Envelope, ErrorData, RawEnvelope } from "./wire-types.js"
 * @typedef {{code: number, reason?: string, data: ErrorData | null}} ErrorReply  stored with messages that have failed
 */

export const Code = Object.freeze({
  SUCCESS: 200,
  NOT_LOGGED_IN: 1000,
  NOT_AUTHORISED: 1003,
  SERVER_ERROR: 1004,
  NO_DATA: 1005,
  NOT_ADDED: 1006,
  NOT_DELETED: 1007,
  NOT_STORED: 1008,
  FAILED: 1009,
  TOO_MUCH: 1011,
});

/** WebSocket close codes that change how the page reconnects. */
export const CloseCode = Object.freeze({ RESTART: 1012, SIGNED_OUT: 4001, TOO_MANY_CONNECTIONS: 4003, FLOOD: 4029 });

/** Reasons of refused logins that the page tells apart. */
export const LoginRefusal = Object.freeze({ TOO_MANY_CONNECTIONS: "too_many_connections", SESSION_ENDED: "session_ended" });

/** The close reason beside SIGNED_OUT if the sign-in has reached its end. */
export const EXPIRED = "expired";

/** @type {Set<number>} */
const SERVER_FAULTS = new Set([Code.SERVER_ERROR, Code.NOT_ADDED, Code.NOT_DELETED, Code.NOT_STORED]);

const MAX_BACKOFF_MS = 30_000;
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_DOUBLINGS = 10;
const MAX_RESTART_DELAY_SECONDS = 15;
/** The shortest time until one of too many connections may have ended; the longest is twice that. */
const PLACE_DELAY_MS = 4_000;

/** A reply with a code other than 200. */
export class RequestError extends Error {
  /** @param {number} code @param {string} message @param {unknown} data of the reply @param {string} [reason] its key */
  constructor(code, message, data, reason = "") {
    super(message);
    this.code = code;
    this.reason = reason;
    this.data = /** @type {ErrorData} */ (data ?? {});
  }

  /** True if the same request may succeed later: after a server fault, or a rate limit. */
  get isTransient() {
    return SERVER_FAULTS.has(this.code) || (this.code === Code.TOO_MUCH && !("limit" in this.data));
  }

  /** Milliseconds to wait before a retry. */
  get retryAfterMs() {
    return Math.max(0, Number(this.data.retryAfter ?? 1)) * 1000;
  }
}

/** The connection was lost before the reply came, so it is unknown whether the request was carried out. */
export class DisconnectedError extends Error {}

/**
 * Tell whether a request failed in a way that the user can be told about; anything else is a bug.
 * @param {unknown} error
 * @returns {error is RequestError | DisconnectedError}
 */
export function isRequestFailure(error) {
  return error instanceof RequestError || error instanceof DisconnectedError;
}

/**
 * Encode a request. Halves of surrogate pairs, which some programs leave on the clipboard, become U+FFFD: UTF-8 cannot
 * express them, so the server could not read the frame, and the request would be repeated for ever.
 * @param {string} seq
 * @param {string} cmd
 * @param {object} data
 * @returns {string}
 */
export function encodeRequest(seq, cmd, data) {
  return JSON.stringify({ seq, cmd, data }, (_key, value) =>
    typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value,
  );
}

/**
 * Decode a frame: one envelope, or an array of them under load.
 * @param {string} frame
 * @returns {Envelope[]}
 */
export function decodeFrame(frame) {
  const value = JSON.parse(frame);
  return (Array.isArray(value) ? value : [value]).map(toEnvelope);
}

/** @param {RawEnvelope} raw @returns {Envelope} */
export function toEnvelope(raw) {
  const { code = 0, codeMsg = "", reason = "", data = null } = raw.response ?? {};
  return { seq: String(raw.seq ?? ""), cmd: String(raw.cmd ?? ""), code, codeMsg, reason, data };
}

/**
 * Return the data of a successful reply. Raises RequestError for any other.
 * @param {Envelope} reply
 * @returns {unknown}
 */
export function replyData({ code, codeMsg, reason, data }) {
  if (code === Code.SUCCESS) return data;
  const message = /** @type {ErrorData | null} */ (data)?.error ?? codeMsg;
  throw new RequestError(code, message, data, reason);
}

/**
 * Return the milliseconds to wait before connection attempt `attempt` (1, 2, …): doubling from MIN_BACKOFF_MS up to
 * MAX_BACKOFF_MS, of which half is random, so that clients of a restarted server do not all return at once.
 * @param {number} attempt
 * @param {number} random in [0, 1)
 */
export function backoffDelay(attempt, random) {
  const longest = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(attempt, MAX_BACKOFF_DOUBLINGS));
  return Math.round(longest / 2 + (longest / 2) * random);
}

/**
 * Return the milliseconds to wait before the next attempt to connect, while the user has too many connections.
 * @param {number} random in [0, 1)
 */
export function placeDelay(random) {
  return Math.round(PLACE_DELAY_MS * (1 + random));
}

/**
 * Return the milliseconds that a server asks to wait when it restarts, different for each client; null if it does not.
 * @param {number | undefined} code @param {string} closeReason
 */
export function restartDelay(code, closeReason) {
  const asked = code === CloseCode.RESTART ? /^retry in (\d+(?:\.\d+)?)s$/.exec(closeReason) : null;
  return asked && Math.min(MAX_RESTART_DELAY_SECONDS, Number(asked[1])) * 1000;
}
