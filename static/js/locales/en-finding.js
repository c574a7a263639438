/** English texts of the ways to find channels, messages and unsent texts. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const enFinding = {
  "switcher.title": "Go to",
  "switcher.hint": "Find channels and people",
  "switcher.none": "No channels match this name.",

  "link.copy": "Copy link",
  "link.copied": "Link copied.",

  "views.label": "Views",
  "unread.title": "Unread",
  "unread.close": "Close unread",
  "unread.none": "You have read everything.",
  "unread.channels": ({ n }) => `${n} ${n === 1 ? "channel" : "channels"} with unread messages`,
  "unread.markRead": "Mark {name} as read",
  "unread.markAllRead": "Mark all as read",
  "unread.first": "First unread",
  "unread.markUnread": "Mark as unread from here",
  "drafts.title": "Drafts",
  "drafts.close": "Close drafts",
  "drafts.none": "You have no unsent messages.",
  "drafts.inThread": "in a thread",
  "drafts.delete": "Delete the draft in {name}",
  "drafts.deleteTitle": "Delete this draft?",
  "drafts.deleteConfirm": "Delete draft",
};
