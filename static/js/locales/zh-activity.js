/** Chinese texts of notifications of a channel, typing, presence and readers. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const zhActivity = {
  "notify.mute": "静音",
  "notify.unmute": "取消静音",
  "notify.muted": "已静音",
  "notify.level": "通知：{level}",
  "notify.default": "按此浏览器的设置",
  "notify.all": "所有消息",
  "notify.mentions": "仅提及我的消息",
  "notify.none": "不通知",
};
