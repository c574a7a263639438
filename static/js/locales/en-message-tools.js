/** English texts of forwarded, scheduled and saved messages. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const enMessageTools = {
  "forward.forward": "Forward…",
  "forward.title": "Forward message",
  "forward.hint": "Find channels and people",
  "forward.comment": "Add a message (optional)",
  "forward.confirm": "Forward",
  "forward.noChannels": "There is no channel in which you can send messages.",
  "forward.noneFound": "No channels or people match this name.",
  "forward.from": "Forwarded from {name}",
  "forward.goTo": "Go to this message",
  "forward.done": "Forwarded to {name}.",
  "forward.doneMany": "Forwarded to {n} chats.",
  "forward.open": "Open",
  "forward.failed": "Not forwarded to {name}. {reason}",
};
