/** Chinese texts of the ways to find channels, messages and unsent texts. @import { Text } from "../lib/i18n.js" @import { enFinding } from "./en-finding.js" */

/** @type {Record<keyof typeof enFinding, Text>} */
export const zhFinding = {
  "switcher.title": "跳转",
  "switcher.hint": "查找频道和用户",
  "switcher.none": "没有匹配的频道。",

  "link.copy": "复制链接",
  "link.copied": "链接已复制。",

  "views.label": "视图",
  "unread.title": "未读",
  "unread.close": "关闭未读",
  "unread.none": "全部已读。",
  "unread.channels": "{n} 个频道有未读消息",
  "unread.markRead": "将 {name} 标为已读",
  "unread.markAllRead": "全部标为已读",
  "unread.first": "第一条未读",
  "unread.markUnread": "从这里起标为未读",
  "drafts.title": "草稿",
  "drafts.close": "关闭草稿",
  "drafts.none": "没有未发送的消息。",
  "drafts.inThread": "在话题中",
  "drafts.delete": "删除 {name} 中的草稿",
  "drafts.deleteTitle": "删除这份草稿？",
  "drafts.deleteConfirm": "删除草稿",
};
