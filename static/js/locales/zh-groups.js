/** Chinese texts of running a group. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const zhGroups = {
  "note.topic": "{by} 设置了话题：{value}",
  "note.topicRemoved": "{by} 移除了话题",
  "note.description": "{by} 修改了群简介",
  "note.picture": "{by} 更换了群头像",
};
