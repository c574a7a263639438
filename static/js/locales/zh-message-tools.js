/** Chinese texts of forwarded, scheduled and saved messages. @import { Text } from "../lib/i18n.js" @import { enMessageTools } from "./en-message-tools.js" */

/** @type {Record<keyof typeof enMessageTools, Text>} */
export const zhMessageTools = {
  "forward.forward": "转发…",
  "forward.title": "转发消息",
  "forward.hint": "查找频道和用户",
  "forward.comment": "附上一句话（可选）",
  "forward.confirm": "转发",
  "forward.noChannels": "没有你可以发言的频道。",
  "forward.noneFound": "没有匹配的频道或用户。",
  "forward.from": "转发自 {name}",
  "forward.goTo": "跳到这条消息",
  "forward.done": "已转发给 {name}。",
  "forward.doneMany": "已转发到 {n} 个聊天。",
  "forward.open": "打开",
  "forward.failed": "没能转发给 {name}。{reason}",
};
