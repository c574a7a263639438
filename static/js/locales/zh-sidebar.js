/** Chinese texts of the sidebar's sections and of the page's settings. @import { Text } from "../lib/i18n.js" @import { enSidebar } from "./en-sidebar.js" */

/** @type {Record<keyof typeof enSidebar, Text>} */
export const zhSidebar = {
  "section.favourites": "星标",
  "section.channels": "频道和群组",
  "section.direct": "私聊",
  "star.add": "加入星标",
  "star.remove": "取消星标",

  "menu.preferences": "设置",
  "preferences.title": "设置",
  "preferences.language": "语言",
  "preferences.theme": "主题",
  "preferences.system": "跟随系统",
  "preferences.light": "浅色",
  "preferences.dark": "深色",
  "preferences.density": "间距",
  "preferences.comfortable": "宽松",
  "preferences.compact": "紧凑",
  "preferences.sort": "频道排序",
  "preferences.latest": "最近活跃在前",
  "preferences.byName": "按名称",
  "preferences.zone": "时区",
  "preferences.browserZone": "{zone}（与此浏览器相同）",
  "preferences.change": "在个人资料中更改",
};
