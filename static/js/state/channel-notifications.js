/**
 * The user's own setting of a channel's notifications, for all devices. No DOM.
 *
 * @import { Channel, NotificationChoice } from "../net/wire-types.js"
 */

/** The choices of a menu, in their order. @type {NotificationChoice["level"][]} */
export const LEVELS = ["default", "all", "mentions", "none"];

/** @param {Pick<Channel, "notifications">} channel @returns {NotificationChoice} */
export function notificationsOf({ notifications }) {
  return notifications ?? { level: "default", muted: false };
}

/** Return the messages that the channel shows as unread: none if the user has muted it. @param {Channel} channel */
export function shownUnread(channel) {
  return notificationsOf(channel).muted ? 0 : channel.unread;
}

/**
 * Tell whether the user wants to be notified of a message; null: the setting of this browser decides.
 * @param {Pick<Channel, "notifications">} channel
 * @param {boolean} isMention  of the user, or an answer in a thread that they follow
 */
export function wantsNotification(channel, isMention) {
  const { level, muted } = notificationsOf(channel);
  if (level === "none") return false;
  if (isMention) return true;
  if (muted || level === "mentions") return false;
  return level === "all" ? true : null;
}
