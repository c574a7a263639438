/**
 * Whether one can write in a channel now, and what there is to know about it. Pure.
 *
 * @import { Channel } from "../net/protocol.js"
 * @import { Circle } from "./contacts.js"
 * @typedef {"" | "closed" | "blocked" | "muted" | "announcements" | "slow"} Reason
 * @typedef {{reason: Reason, may: boolean, until: number}} SendState  `until`: ms at which it changes by itself; 0: never
 */

/** @param {Channel} channel @param {Circle} circle @param {number} now in ms @returns {SendState} */
export function sendState({ closed, peer, muted, announcementsOnly, slowMode, role }, circle, now) {
  const state = (/** @type {Reason} */ reason, may = false, until = 0) => ({ reason, may, until });
  if (closed) return state("closed");
  if (peer && circle.blocked.has(peer.id)) return state("blocked");
  if (muted && (muted.until ?? Infinity) > now) return state("muted", false, muted.until ?? 0);
  const leads = role === "owner" || role === "admin";
  if (announcementsOnly && !leads) return state("announcements");
  return slowMode && !leads ? state("slow", true) : state("", true);
}
