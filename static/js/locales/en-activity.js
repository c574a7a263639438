/** English texts of notifications of a channel, typing, presence and readers. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const enActivity = {
  "notify.mute": "Mute",
  "notify.unmute": "Unmute",
  "notify.muted": "Muted",
  "notify.level": "Notifications: {level}",
  "notify.default": "Default",
  "notify.all": "Every message",
  "notify.mentions": "Mentions only",
  "notify.none": "Nothing",

  "preferences.mail": "Mail of missed messages",
  "preferences.mailNever": "Never",
  "preferences.mail4": "At most every 4 hours",
  "preferences.mail24": "At most once a day",
  "preferences.mailAddress": "Add an email address first",

  "presence.away": "Away",
  "menu.awayOn": "Set yourself as away",
  "menu.awayOff": "Set yourself as active",

  "typing.one": "{name} is typing…",
  "typing.two": "{name} and {second} are typing…",
  "typing.many": "{name} and {n} others are typing…",

  "readers.item": "Seen by…",
  "readers.title": "Seen by {n}",
  "readers.none": "Nobody has read it yet, or shares that.",
  "readers.tooMany": "Readers are not shown in a group of this size.",
};
