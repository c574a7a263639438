/**
 * Texts of an embedded channel in both languages. The rest of the page's texts would make its script ten times as large.
 *
 * @typedef {"en" | "zh"} WidgetLanguage
 * @typedef {keyof typeof en} WidgetText
 */
import { zhErrors } from "../locales/zh-errors.js";

const KIBIBYTE = 1024;

const en = {
  chat: "Chat",
  comments: "Comments",
  open: "Open chat",
  close: "Close chat",
  connecting: "Connecting…",
  offline: "No connection. Trying again…",
  polling: "This network blocks WebSockets. Messages arrive a little later.",
  empty: "No messages yet. Write the first one.",
  earlier: "Show earlier messages",
  placeholder: "Write a message",
  send: "Send",
  recalled: "This message was recalled.",
  edited: "edited",
  sending: "Sending…",
  retry: "Try again",
  react: "Like",
  answers: "Answers: {count}",
  unread: "Unread messages: {count}",
  typingOne: "{name} is typing…",
  typingMany: "Several people are typing…",
  attach: "Attach files",
  attachments: "Files to send",
  uploading: "Uploading {name}",
  uploadFailed: "The upload failed.",
  tooLarge: "{name} is too large: files have at most {size} here.",
  sendsLater: "Your message is sent when its files are uploaded.",
  removeFile: "Remove {name}",
  showPicture: "Show picture {name}",
  closePicture: "Close",
  play: "Play {name}",
  save: "Download {name}",
  saveShort: "Download",
  loading: "Loading…",
  fileFailed: "The file could not be loaded.",
  picture: "Picture",
  voice: "Voice message",
  openInChat: "Open in the chat",
  noToken: "This page gives the chat no access. It needs a token.",
  tokenFailed: "This page could not get access to the chat.",
  loadFailed: "The messages could not be loaded.",
};

/** @type {Record<keyof typeof en, string>} */
const zh = {
  chat: "聊天",
  comments: "评论",
  open: "打开聊天",
  close: "关闭聊天",
  connecting: "正在连接…",
  offline: "连接已断开，正在重试…",
  polling: "当前网络屏蔽 WebSocket，消息会稍晚到达。",
  empty: "还没有消息，来写第一条吧。",
  earlier: "显示更早的消息",
  placeholder: "输入消息",
  send: "发送",
  recalled: "此消息已撤回。",
  edited: "已编辑",
  sending: "正在发送…",
  retry: "重试",
  react: "点赞",
  answers: "{count} 条回复",
  unread: "未读消息：{count}",
  typingOne: "{name} 正在输入…",
  typingMany: "多人正在输入…",
  attach: "添加文件",
  attachments: "待发送的文件",
  uploading: "正在上传 {name}",
  uploadFailed: "上传失败。",
  tooLarge: "{name} 太大：此处文件最大 {size}。",
  sendsLater: "文件上传完成后将发送消息。",
  removeFile: "移除 {name}",
  showPicture: "查看图片 {name}",
  closePicture: "关闭",
  play: "播放 {name}",
  save: "下载 {name}",
  saveShort: "下载",
  loading: "正在加载…",
  fileFailed: "无法加载该文件。",
  picture: "图片",
  voice: "语音消息",
  openInChat: "在聊天中打开",
  noToken: "此页面没有提供聊天权限，需要一个令牌。",
  tokenFailed: "此页面未能获得聊天权限。",
  loadFailed: "无法加载消息。",
};

/**
 * Return the text in the language, with `{name}` replaced by the parameter of that name.
 * @param {WidgetLanguage} language
 * @param {WidgetText} key
 * @param {Record<string, unknown>} [params]
 */
export function widgetText(language, key, params = {}) {
  return fillIn((language === "zh" ? zh : en)[key], params);
}

/**
 * Return the sentence for a refusal of the server, in the language if it is known there.
 * @param {WidgetLanguage} language
 * @param {{reason?: string, message?: string, data?: object}} refusal
 */
export function refusalText(language, { reason = "", message = "", data = {} }) {
  const known = language === "zh" ? zhErrors[reason] : undefined;
  return known ? fillIn(known, /** @type {Record<string, unknown>} */ (data)) : message;
}

/** The language's tag for dates and numbers. @param {WidgetLanguage} language */
export function localeOf(language) {
  return language === "zh" ? "zh-Hans" : "en";
}

/** @param {number} bytes @param {WidgetLanguage} language */
export function formatSize(bytes, language) {
  const isSmall = bytes < KIBIBYTE * KIBIBYTE;
  const unit = bytes < KIBIBYTE ? "byte" : isSmall ? "kilobyte" : "megabyte";
  const amount = bytes < KIBIBYTE ? bytes : bytes / (isSmall ? KIBIBYTE : KIBIBYTE * KIBIBYTE);
  return amount.toLocaleString(localeOf(language), { style: "unit", unit, maximumFractionDigits: 1 });
}

/** @param {string} text @param {Record<string, unknown>} params */
function fillIn(text, params) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(name === "retryAfter" ? Math.ceil(Number(params[name])) : (params[name] ?? "")));
}
