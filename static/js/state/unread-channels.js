/**
 * The channels with unread messages, in the order in which the user reads them. Pure.
 *
 * @import { Channel } from "../net/wire-types.js"
 */
import { shownUnread } from "./channel-notifications.js";

/** Return them, without muted ones that do not mention the user: those that mention the user first, then private channels, and the latest activity first. @param {Iterable<Channel>} channels */
export function unreadChannels(channels) {
  const rank = (/** @type {Channel} */ { mentions, kind }) => (mentions > 0 ? 0 : kind === "private" ? 1 : 2);
  return [...channels].filter((channel) => shownUnread(channel) + channel.mentions > 0).sort((a, b) => rank(a) - rank(b) || b.activeAt - a.activeAt);
}
