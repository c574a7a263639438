/**
 * The text and the files of a message. Pure.
 *
 * @import { Message } from "../net/wire-types.js"
 * @import { OutboxFile } from "../net/outbox.js"
 */

/** Return what the user has written: of a message with attachments, the text beside them. @param {Pick<Message, "type" | "msg" | "content">} message */
export function messageText({ type, msg, content = "" }) {
  return type === "file" ? content : msg;
}

/** Tell whether the text of a message can be edited. @param {Message["type"]} type */
export function isEditable(type) {
  return type === "text" || type === "file";
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
