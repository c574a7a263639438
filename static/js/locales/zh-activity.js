/** Chinese texts of notifications of a channel, typing, presence and readers. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const zhActivity = {
  "notify.mute": "静音",
  "notify.unmute": "取消静音",
  "notify.muted": "已静音",
  "notify.level": "通知：{level}",
  "notify.default": "默认",
  "notify.all": "所有消息",
  "notify.mentions": "仅提及我的消息",
  "notify.none": "不通知",

  "preferences.mail": "错过消息的邮件",
  "preferences.mailNever": "从不",
  "preferences.mail4": "最多每 4 小时一封",
  "preferences.mail24": "最多每天一封",
  "preferences.mailAddress": "请先添加电子邮箱",

  "presence.away": "离开",
  "menu.awayOn": "设为离开",
  "menu.awayOff": "设为在线",

  "typing.one": "{name} 正在输入…",
  "typing.two": "{name} 和 {second} 正在输入…",
  "typing.many": "{name} 和另外 {n} 人正在输入…",

  "readers.item": "谁看过…",
  "readers.title": "{n} 人看过",
  "readers.none": "还没有人看过，或没有人公开。",
  "readers.tooMany": "这么大的群组不显示谁看过。",
};
