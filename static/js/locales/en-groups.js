/** English texts of running a group. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const enGroups = {
  "note.topic": "{by} set the topic: {value}",
  "note.topicRemoved": "{by} removed the topic",
  "note.description": "{by} changed the description",
  "note.picture": "{by} changed the group picture",
};
