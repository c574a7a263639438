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

  "typing.one": "{name} 正在输入…",
  "typing.two": "{name} 和 {second} 正在输入…",
  "typing.many": "{name} 和另外 {n} 人正在输入…",
};
