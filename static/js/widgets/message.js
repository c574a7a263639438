/**
 * Renders a message of the timeline.
 *
 * @import { Message } from "../net/wire-types.js"
 * @import { MarkupNode } from "../lib/markup-blocks.js"
 * @import { Uploads } from "../net/uploads.js"
 * @import { MentionNames } from "../net/state/message-mentions.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 */
import { isolate } from "../lib/bidi.js";
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { errorReplyText } from "../lib/error-messages.js";
import { formatDateTime, formatFullTime, formatTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { parseMarkup, summaryLine } from "../lib/markup.js";
import { customEmoji } from "../state/custom-emoji.js";
import { messageText } from "../net/state/message-content.js";
import { savedMarks } from "../state/saved-marks.js";
import { showAvatar } from "./avatar.js";
import { renderLinkPreviews } from "./link-previews.js";
import { attachmentSummary, renderAttachments } from "./message-attachments.js";
import { mediaElement } from "./message-media.js";
import { renderReactions } from "./message-reactions.js";
import { markupNodes } from "./message-text.js";
import { renderThreadLinks, threadTime } from "./thread-link.js";

/** The content of each element, so that only changes are rendered. @type {WeakMap<Element, string>} */
const rendered = new WeakMap();
/** The row of each element that shows nothing but its message, so that an unchanged one costs nothing. @type {WeakMap<Element, unknown[]>} */
const plainRows = new WeakMap();

export function createMessage() {
  return cloneTemplate("template-message");
}

/**
 * @param {HTMLElement} element
 * @param {MessageRow} row
 * @param {Message | null | undefined} quoted  the message that this one answers; null: unavailable
 * @param {MentionNames} names
 * @param {Uploads} uploads
 */
export function renderMessage(element, row, quoted, names, uploads) {
  const { message, isGroupStart, isOwn, canRemove, state, isRead, error, thread, isAnswer } = row;
  const isSaved = savedMarks.has(message.id) && !message.recalled;
  // Messages are replaced rather than changed.
  const plainRow = isPlain(row) ? [message, isGroupStart, canRemove, state, isRead, isSaved, customEmoji.version, language.code] : [];
  const known = plainRows.get(element);
  if (plainRow.length && known && plainRow.every((value, index) => value === known[index])) return;
  plainRows.set(element, plainRow);
  const quote = message.replyTo ? [quoted?.name, quoted && messageSummary(quoted), quoted === null] : [];
  // The content of a picture or voice message is long and never changes.
  const { content, ...fields } = message;
  const text = messageText(message);
  const mentions = text.includes("@") ? parseMarkup(text, names) : null;
  const reason = error ? errorReplyText(error) : "";
  const uploading = message.attachments?.map(({ id }) => uploads.get(id)?.state);
  const links = [isAnswer, thread, thread && threadTime(thread)];
  const signature = JSON.stringify([fields, text, mentions, isGroupStart, canRemove, state, isRead, reason, quote, uploading, links, isSaved, customEmoji.version, language.code]);
  if (rendered.get(element) === signature) return;
  rendered.set(element, signature);

  const { dataset } = element;
  dataset.id = message.id;
  dataset.seq = Number.isFinite(message.seq) ? String(message.seq) : "";
  dataset.state = state;
  dataset.own = String(isOwn);
  dataset.read = String(isRead);
  element.classList.toggle("group-start", isGroupStart);
  element.classList.toggle("without-text", message.type === "file" && !message.recalled && !text);
  element.classList.toggle("action", Boolean(message.action) && !message.recalled);
  element.classList.toggle("recalled", Boolean(message.recalled));
  const nodes = mentions ?? parseMarkup(text);
  element.setAttribute("aria-label", `${message.name}, ${formatTime(message.time)}: ${messageSummary(message, nodes)}`);
  renderSender(element, row);
  renderQuote(element, message, quoted);
  renderOrigin(element, message);
  renderAttachments(element, row, uploads);
  renderContent(part(element, "text"), message, text, nodes);
  part(element, "edited").hidden = !message.editedAt || Boolean(message.recalled);
  part(element, "saved").hidden = !isSaved;
  renderLinkPreviews(part(element, "link-previews"), message, canRemove);
  renderReactions(part(element, "reactions"), message);
  renderThreadLinks(element, row);
  renderState(element, row, reason);
}

/** Tell whether the row shows nothing that changes without its message. @param {MessageRow} row */
function isPlain({ message, error, thread, isAnswer }) {
  return !message.replyTo && !message.attachments && !error && !thread && !isAnswer && !messageText(message).includes("@");
}

/** Return one line that stands for the message, as in a quote. @param {Message} message @param {MarkupNode[]} [nodes] of its text */
export function messageSummary(message, nodes) {
  const { recalled, type } = message;
  if (recalled) return t("message.recalled");
  if (type === "picture" || type === "voice") return t(`message.${type}`);
  const line = summaryLine(messageText(message), nodes);
  if (message.action) return `${message.name} ${line}`;
  if (type !== "file") return line;
  const files = attachmentSummary(message.attachments ?? []);
  return line ? t("attachment.withText", { files, text: line }) : files;
}

/** @param {HTMLElement} element @param {MessageRow} row */
function renderSender(element, { message, isGroupStart, isOwn }) {
  const gutter = part(element, "gutter");
  part(element, "header").hidden = !isGroupStart;
  if (!isGroupStart) {
    const time = createElement("time", "message-gutter-time", formatTime(message.time));
    time.title = formatFullTime(message.time);
    gutter.replaceChildren(time);
    return;
  }
  const avatar = /** @type {HTMLElement} */ (gutter.querySelector(".avatar") ?? createElement("span", "avatar"));
  showAvatar(avatar, { id: message.fromId, name: message.name, avatar: message.avatar });
  gutter.replaceChildren(avatar);
  const name = part(element, "name");
  setText(name, message.name);
  name.classList.toggle("own", isOwn);
  name.title = message.from;
  const time = part(element, "time", HTMLTimeElement);
  setText(time, formatTime(message.time));
  time.dateTime = new Date(message.time).toISOString();
  time.title = formatFullTime(message.time);
}

/** @param {HTMLElement} element @param {Message} message @param {Message | null | undefined} quoted */
function renderQuote(element, message, quoted) {
  const button = part(element, "quote", HTMLButtonElement);
  button.hidden = !message.replyTo || Boolean(message.recalled);
  if (button.hidden) return;
  button.disabled = !quoted;
  setText(part(button, "quote-name"), quoted?.name ?? "");
  const replacement = t(quoted === null ? "message.quoteUnavailable" : "message.quoteLoading");
  setText(part(button, "quote-text"), quoted ? messageSummary(quoted) : replacement);
}

/** Name the first sender of a forwarded message. @param {HTMLElement} element @param {Message} message */
function renderOrigin(element, { forwarded, recalled }) {
  const button = part(element, "origin", HTMLButtonElement);
  button.hidden = !forwarded || Boolean(recalled);
  if (!forwarded || recalled) return;
  button.disabled = !forwarded.target;
  button.title = forwarded.target ? t("forward.goTo") : formatFullTime(forwarded.time);
  setText(part(button, "origin-name"), t("forward.from", { name: isolate(forwarded.name) }));
  setText(part(button, "origin-time"), formatDateTime(forwarded.time));
}

/** @param {HTMLElement} container @param {Message} message @param {string} text @param {MarkupNode[]} nodes of the text */
function renderContent(container, message, text, nodes) {
  const isText = message.type !== "picture" && message.type !== "voice";
  container.classList.toggle("emoji-only", isText && !message.recalled && customEmoji.isEmojiOnly(text));
  if (message.recalled) container.replaceChildren(t("message.recalled"));
  else if (isText) container.replaceChildren(...markupNodes(nodes));
  // A media element is created once, so that playing is not interrupted.
  else if (container.dataset.media !== message.id) container.replaceChildren(mediaElement(message));
  container.dataset.media = isText || message.recalled ? "" : message.id;
}

/** @param {HTMLElement} element @param {MessageRow} row @param {string} reason why it was refused */
function renderState(element, { state, isRead, isOwn, message }, reason) {
  const failure = part(element, "failure");
  failure.hidden = state !== "failed";
  if (state === "failed" || !isOwn || message.recalled) part(element, "state").replaceChildren();
  else {
    const shown = state === "sent" && isRead ? "read" : state;
    const icon = cloneTemplate(`template-icon-${shown}`, SVGElement);
    icon.setAttribute("aria-label", t(`message.${shown}`));
    part(element, "state").replaceChildren(icon);
  }
  if (state !== "failed") return;
  setText(part(failure, "error"), t("message.failed", { reason }));
  setText(part(failure, "retry"), t("message.retry"));
  setText(part(failure, "delete"), t("message.delete"));
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} [text]
 */
function createElement(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
