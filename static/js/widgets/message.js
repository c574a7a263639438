/** One message of the timeline. */
/**
 * @import { Message } from "../net/protocol.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 */
import { clone, part, setText } from "../lib/dom.js";
import { clock, fullTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { refusalText } from "../lib/error-messages.js";
import { firstLine, isEmojiOnly, pieces } from "../lib/text.js";
import { showAvatar } from "./avatar.js";
import { mediaElement } from "./message-media.js";

/** @type {WeakMap<Element, string>} What an element shows, so that only changes touch the page. */
const shown = new WeakMap();

export function createMessage() {
  return clone("part-message");
}

/**
 * @param {HTMLElement} element @param {MessageRow} row @param {Message | null | undefined} quote null: not available
 * @param {import("../lib/text.js").Names} names who can be mentioned
 */
export function updateMessage(element, row, quote, names) {
  const { message, first, own, state, read, refusal } = row;
  const quoted = message.replyTo ? [quote?.name, quote?.msg, quote?.recalled, quote === null] : [];
  // A message's picture never changes, and is long.
  const { content, ...rest } = message;
  const text = message.msg.includes("@") ? pieces(message.msg, names) : null;
  const signature = JSON.stringify([rest, text, first, state, read, refusal, quoted, language.code]);
  if (shown.get(element) === signature) return;
  shown.set(element, signature);

  const { dataset } = element;
  dataset.id = message.id;
  dataset.seq = Number.isFinite(message.seq) ? String(message.seq) : "";
  dataset.state = state;
  dataset.own = String(own);
  dataset.read = String(read);
  element.classList.toggle("first", first);
  element.classList.toggle("recalled", Boolean(message.recalled));
  showSender(element, row);
  showQuote(element, message, quote);
  showText(part(element, "text"), message, text ?? pieces(message.msg));
  part(element, "edited").hidden = !message.editedAt || Boolean(message.recalled);
  showState(element, row);
}

/** @param {HTMLElement} element @param {MessageRow} row */
function showSender(element, { message, first, own }) {
  const side = part(element, "side");
  part(element, "head").hidden = !first;
  if (first) {
    const avatar = side.querySelector(".avatar") ?? Object.assign(document.createElement("span"), { className: "avatar" });
    showAvatar(avatar, { id: message.fromId, name: message.name, avatar: message.avatar });
    side.replaceChildren(avatar);
    const name = part(element, "name");
    setText(name, message.name);
    name.dataset.hue = own ? "own" : "";
    name.title = message.from;
    const time = part(element, "time");
    setText(time, clock(message.time));
    time.dateTime = new Date(message.time).toISOString();
    time.title = fullTime(message.time);
  } else {
    const time = Object.assign(document.createElement("time"), { className: "side-time", textContent: clock(message.time) });
    time.title = fullTime(message.time);
    side.replaceChildren(time);
  }
  const what = quoteText(message);
  element.setAttribute("aria-label", `${message.name}, ${clock(message.time)}: ${what}`);
}

/** @param {HTMLElement} element @param {Message} message @param {Message | null | undefined} quote */
function showQuote(element, message, quote) {
  const button = part(element, "quote");
  button.hidden = !message.replyTo || Boolean(message.recalled);
  if (button.hidden) return;
  button.disabled = !quote;
  setText(part(button, "quote-name"), quote?.name ?? "");
  let text = t("message.quoteLoading");
  if (quote === null) text = t("message.quoteGone");
  else if (quote) text = quoteText(quote);
  setText(part(button, "quote-text"), text);
}

/** What stands for a message in one line. @param {Message} message */
export function quoteText({ recalled, type, msg }) {
  if (recalled) return t("message.recalled");
  if (type === "picture" || type === "voice") return t(`message.${type}`);
  return firstLine(msg);
}

/** @param {HTMLElement} place @param {Message} message @param {import("../lib/text.js").Piece[]} text */
function showText(place, message, text) {
  const isText = message.type !== "picture" && message.type !== "voice";
  place.classList.toggle("emoji", isText && !message.recalled && isEmojiOnly(message.msg));
  if (message.recalled) place.replaceChildren(t("message.recalled"));
  else if (isText) place.replaceChildren(...text.map(node));
  // It is made once: a voice goes on playing whatever changes around it.
  else if (place.dataset.media !== message.id) place.replaceChildren(mediaElement(message));
  place.dataset.media = isText || message.recalled ? "" : message.id;
}

/** @param {import("../lib/text.js").Piece} piece @returns {Node | string} */
function node(piece) {
  if (piece.kind === "text") return piece.text;
  if (piece.kind === "link") {
    const link = document.createElement("a");
    link.href = piece.href;
    link.rel = "noopener noreferrer nofollow";
    link.target = "_blank";
    link.textContent = piece.text;
    return link;
  }
  if (piece.kind === "mention") {
    return Object.assign(document.createElement("bdi"), { className: piece.me ? "mention me" : "mention", textContent: piece.text });
  }
  const element = document.createElement(piece.kind === "code" ? "code" : "pre");
  element.textContent = piece.text;
  return element;
}

/** @param {HTMLElement} element @param {MessageRow} row */
function showState(element, { state, read, own, refusal, message }) {
  const place = part(element, "state");
  const sent = read ? "part-ticks" : "part-tick";
  const icon = own && state !== "failed" && !message.recalled ? clone(state === "sent" ? sent : "part-clock") : null;
  icon?.setAttribute("aria-label", t(state === "sent" && read ? "message.read" : `message.${state}`));
  place.replaceChildren(...(icon ? [icon] : []));
  const failed = part(element, "failed");
  failed.hidden = state !== "failed";
  if (state !== "failed") return;
  const reason = refusal ? refusalText(refusal) : "";
  setText(part(failed, "error"), t("message.failed", { reason }));
  setText(part(failed, "retry"), t("message.retry"));
  setText(part(failed, "delete"), t("message.delete"));
}
