/**
 * Decides whether the user can send messages in a channel, and why not. Pure.
 *
 * @import { Channel, Role } from "../net/wire-types.js"
 * @import { Contacts } from "../net/state/contacts.js"
 * @typedef {"" | "closed" | "unreachable" | "blocked" | "muted" | "announcements" | "slow"} SendRestriction
 * @typedef {{restriction: SendRestriction, canSend: boolean, until: number}} SendPermission
 *   `until`: the time in ms at which it changes by itself; 0: never
 */

/** @param {Role | null} role */
export function isManager(role) {
  return role === "owner" || role === "admin";
}

/**
 * @param {Channel} channel
 * @param {Contacts} contacts
 * @param {number} now in ms
 * @returns {SendPermission}
 */
export function sendPermission({ closed, peer, muted, announcementsOnly, slowMode, role }, contacts, now) {
  if (closed) return denied("closed");
  if (peer?.active === false) return denied("unreachable");
  if (peer && contacts.blocked.has(peer.id)) return denied("blocked");
  if (muted && (muted.until ?? Infinity) > now) return denied("muted", muted.until);
  if (announcementsOnly && !isManager(role)) return denied("announcements");
  return { restriction: slowMode && !isManager(role) ? "slow" : "", canSend: true, until: 0 };
}

/** Tell whether the user can react to messages: also between two sends in slow mode, and to announcements. @param {Channel} channel @param {Contacts} contacts @param {number} now in ms */
export function canReact(channel, contacts, now) {
  return ["", "slow", "announcements"].includes(sendPermission(channel, contacts, now).restriction);
}

/** @param {SendRestriction} restriction @param {number} [until] @returns {SendPermission} */
function denied(restriction, until = 0) {
  return { restriction, canSend: false, until };
}
