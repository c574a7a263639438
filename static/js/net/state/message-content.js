/**
 * The text and the files of a message. Pure.
 *
 * @import { Message } from "../wire-types.js"
 * @import { OutboxFile } from "../outbox.js"
 */

/**
 * Return what the user has written: of a message with attachments, the text beside them.
 * @param {Pick<Message, "type" | "msg" | "content" | "forwarded" | "action">} message
 */
export function messageText({ type, msg, content = "", forwarded, action }) {
  return type === "file" || (type === "text" && (forwarded || action)) ? content : msg;
}

/** Tell whether the message has a text, and not the content of an old picture or voice message. @param {Message["type"]} type */
export function hasText(type) {
  return type === "text" || type === "file";
}

/** Tell whether the text of a message can be edited. @param {Pick<Message, "type" | "forwarded">} message */
export function isEditable({ type, forwarded }) {
  return hasText(type) && !forwarded;
}

/**
 * Return the fields of a message that the user sends. A file that is not uploaded yet has the id of its upload.
 * @param {string} text
 * @param {OutboxFile[]} [files]
 * @returns {Pick<Message, "type" | "msg" | "content" | "attachments">}
 */
export function contentOf(text, files = []) {
  if (!files.length) return { type: "text", msg: text };
  const attachments = files.map(({ uploadId, attachment, ...file }) => attachment ?? { ...file, id: uploadId, url: "" });
  const msg = [text, ...attachments.map(({ name }) => `[${name}]`)].filter(Boolean).join(" ");
  return { type: "file", msg, content: text, attachments };
}
