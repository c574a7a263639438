/**
 * The envelopes of `/acc` and what their codes mean. Pure: no socket, no DOM, no clock.
 *
 * @typedef {{userId: string, id: string, name: string, avatar: string, kind: "person" | "guest" | "service",
 *   status?: string}} Person
 * @typedef {Person & {role: Role, online: boolean}} Member
 * @typedef {"owner" | "admin" | "member"} Role
 * @typedef {{target: string, kind: "global" | "public" | "private", name: string, join: "open" | "invite" | "closed",
 *   listed: boolean, closed: boolean, history: "joined" | "all", announcementsOnly: boolean, slowMode: number,
 *   role: Role | null, appId?: number, peer?: Person, peerReadSeq?: number, memberCount?: number, muted?: Muted,
 *   lastSeq: number, readSeq: number, unread: number, activeAt: number}} Channel
 * @typedef {{until?: number}} Muted  `until` in ms; absent: until it is lifted
 * @typedef {{target: string, type: string, msg: string, from: string, fromId: string, name: string, avatar: string,
 *   id: string, seq: number, time: number, position: number, replyTo?: string, replySeq?: number, editedAt?: number,
 *   recalled?: boolean, content?: string}} Message  `content`: Base64, of a picture or voice
 * @typedef {{target: string, note: string, by: Person, who: Person[], value: string, seq: number, time: number,
 *   position: number}} Note
 * @typedef {{seq: string, cmd: string, code: number, codeMsg: string, reason: string, data: any}} Answer  a reply or a
 *   push; `reason` is the key of a refusal, else empty
 */

export const Code = Object.freeze({
  SUCCESS: 200,
  NOT_LOGGED_IN: 1000,
  ILLEGAL_PARAMETER: 1001,
  ILLEGAL_USER: 1002,
  NOT_AUTHORISED: 1003,
  SERVER_ERROR: 1004,
  NO_DATA: 1005,
  NOT_ADDED: 1006,
  NOT_DELETED: 1007,
  NOT_STORED: 1008,
  FAILED: 1009,
  NO_COMMAND: 1010,
  TOO_MUCH: 1011,
});

export const Close = Object.freeze({ RESTART: 1012, LOGIN_LATE: 4000, SIGNED_OUT: 4001, SILENT: 4002, TOO_MANY: 4003, BEHIND: 4008, FLOOD: 4029 });

/** @type {Set<number>} */
const FAULTS = new Set([Code.SERVER_ERROR, Code.NOT_ADDED, Code.NOT_DELETED, Code.NOT_STORED]);

/** A reply with another code than 200. */
export class Refused extends Error {
  /** @param {number} code @param {string} text @param {any} data @param {string} [reason] its key */
  constructor(code, text, data, reason = "") {
    super(text);
    this.code = code;
    this.reason = reason;
    this.data = data ?? {};
  }

  /** Whether the same request may well succeed later: a fault of the server, or a limit that passes. */
  get passing() {
    return FAULTS.has(this.code) || (this.code === Code.TOO_MUCH && !("limit" in this.data));
  }

  /** Milliseconds to wait before trying again, as far as the server said. */
  get retryAfter() {
    return Math.max(0, Number(this.data.retryAfter ?? 1)) * 1000;
  }
}

/** The connection went away before the answer came: nobody knows whether the request was carried out. */
export class Disconnected extends Error {}

/** @param {string} seq @param {string} cmd @param {object} data @returns {string} */
export function encode(seq, cmd, data) {
  return JSON.stringify({ seq, cmd, data });
}

/** A frame holds one envelope, or under load an array of them. @param {string} frame @returns {Answer[]} */
export function decode(frame) {
  const value = JSON.parse(frame);
  return (Array.isArray(value) ? value : [value]).map(answer);
}

/** @param {any} envelope @returns {Answer} */
export function answer(envelope) {
  const { code = 0, codeMsg = "", reason = "", data = null } = envelope.response ?? {};
  return { seq: String(envelope.seq ?? ""), cmd: String(envelope.cmd ?? ""), code, codeMsg, reason, data };
}

/** @param {Answer} given @returns {any} its data, or throws Refused */
export function result(given) {
  if (given.code === Code.SUCCESS) return given.data;
  throw new Refused(given.code, given.data?.error ?? given.codeMsg, given.data, given.reason);
}

/**
 * Milliseconds until connection attempt `attempt` (1, 2, …): doubling from half a second, at most 30 s, and between half
 * and all of that at random, so that a restarted server does not meet everybody at once.
 * @param {number} attempt @param {number} random in [0, 1)
 */
export function backOff(attempt, random) {
  const most = Math.min(30_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(most / 2 + (most / 2) * random);
}
