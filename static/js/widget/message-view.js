/**
 * Renders the messages of an embedded channel.
 *
 * @import { Message, Reaction, Thread } from "../net/wire-types.js"
 * @import { PendingMessage } from "./channel.js"
 * @import { WidgetFiles } from "./files.js"
 * @import { WidgetLanguage } from "./texts.js"
 * @typedef {{language: WidgetLanguage, site: string, files: WidgetFiles, userId: string | undefined,
 *   onReact: (message: Message, emoji: string) => void, onRetry: (clientMsgId: string) => void}} MessageContext
 */
import { parseMarkup } from "../lib/markup.js";
import { messageText } from "../net/state/message-content.js";
import { mentionNames } from "../net/state/message-mentions.js";
import { showEmoji } from "../widgets/custom-emoji.js";
import { markupNodes } from "../widgets/message-text.js";
import { make } from "./dom.js";
import { fileElement } from "./file-view.js";
import { localeOf, refusalText, widgetText } from "./texts.js";

const LIKE = "👍";
const COLORS = 8;

/** The message of each element. A changed message is another object, and only it is rendered again. @type {WeakMap<Element, object>} */
const rendered = new WeakMap();

/**
 * Make the children of `list` those of the messages. Elements of known messages are kept.
 * @param {HTMLElement} list
 * @param {Message[]} messages
 * @param {PendingMessage[]} pending
 * @param {MessageContext} context
 */
export function renderMessages(list, messages, pending, context) {
  /** @type {Map<string | undefined, HTMLElement>} */
  const known = new Map([...list.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.id, /** @type {HTMLElement} */ (child)]));
  const wanted = [
    ...messages.map((message) => ({ id: message.id, message, render: () => messageElement(message, context) })),
    ...pending.map((message) => ({ id: message.clientMsgId, message, render: () => pendingElement(message, context) })),
  ];
  let next = list.firstElementChild;
  for (const { id, message, render } of wanted) {
    let element = known.get(id);
    known.delete(id);
    if (!element || rendered.get(element) !== message) {
      const fresh = render();
      fresh.dataset.id = id;
      rendered.set(fresh, message);
      if (element) {
        if (element === next) next = fresh;
        replaceKeepingFocus(element, fresh);
      }
      element = fresh;
    }
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
  for (const element of known.values()) element.remove();
}

/** Put an element in the place of another. A button that has the focus gives it to its successor. @param {HTMLElement} element @param {HTMLElement} fresh */
function replaceKeepingFocus(element, fresh) {
  const { activeElement } = /** @type {ShadowRoot} */ (element.getRootNode());
  const index = activeElement ? controlsIn(element).indexOf(/** @type {HTMLElement} */ (activeElement)) : -1;
  element.replaceWith(fresh);
  controlsIn(fresh)[index]?.focus();
}

/** @param {HTMLElement} element @returns {HTMLElement[]} */
function controlsIn(element) {
  return [...element.querySelectorAll(/** @type {"button"} */ ("button, a"))];
}

/** @param {Message} message @param {MessageContext} context */
function messageElement(message, context) {
  const { language, site, userId } = context;
  const time = new Date(message.time);
  const name = make("bdi", { className: "name" }, message.name);
  const shownTime = make("time", { dateTime: time.toISOString(), title: time.toLocaleString(localeOf(language)) }, formatTime(time, language));
  const header = make("div", { className: "meta" }, name, " ", shownTime);
  if (message.editedAt && !message.recalled) header.append(" ", make("span", { className: "edited" }, widgetText(language, "edited")));
  const body = make("div", { className: "body" }, header, ...contentElements(message, context));
  if (!message.recalled) body.append(reactionsElement(message, context));
  if (message.thread?.count) body.append(threadElement(message.thread, message, context));
  const element = make("li", { className: "message" }, avatarElement(message, site), body);
  element.classList.toggle("own", message.fromId === userId);
  return element;
}

/** @param {Message} message @param {MessageContext} context @returns {HTMLElement[]} */
function contentElements(message, context) {
  const { language, site, userId } = context;
  if (message.recalled) return [make("div", { className: "text recalled" }, widgetText(language, "recalled"))];
  if (message.type === "picture" || message.type === "voice") {
    const address = `${site}/#${message.target}/${message.seq}`;
    return [cardElement(address, widgetText(language, message.type), widgetText(language, "openInChat"))];
  }
  const text = messageText(message);
  const nodes = markupNodes(parseMarkup(text, mentionNames(message, userId)));
  const files = (message.attachments ?? []).map((file) => fileElement(file, context));
  return [...(text ? [make("div", { className: "text", dir: "auto" }, ...nodes)] : []), ...files];
}

/** @param {string} href @param {string} title @param {string} detail */
function cardElement(href, title, detail) {
  // Only the site's own addresses come here.
  const properties = { className: "card", href, target: "_blank", rel: "noopener noreferrer" };
  return make("a", properties, make("bdi", { className: "card-title" }, title), make("span", { className: "card-detail" }, detail));
}

/** A link to the answers, at the last one. @param {Thread} thread @param {Message} message @param {MessageContext} context */
function threadElement({ count, lastSeq }, { target, seq }, { language, site }) {
  const href = `${site}/#${target}/${lastSeq || seq}`;
  return make("a", { className: "thread", href, target: "_blank", rel: "noopener" }, widgetText(language, "answers", { count }));
}

/** @param {Message} message @param {MessageContext} context */
function reactionsElement(message, { language, onReact }) {
  const shown = (message.reactions ?? []).filter(({ count }) => count > 0);
  const chip = (/** @type {Reaction} */ { emoji, count, mine }) => {
    const shownEmoji = make("span");
    showEmoji(shownEmoji, emoji);
    return make("button", { type: "button", className: "chip", "aria-pressed": mine, onclick: () => onReact(message, emoji) }, shownEmoji, ` ${count}`);
  };
  const like = make("button", { type: "button", className: "chip like", title: widgetText(language, "react"), "aria-label": widgetText(language, "react"), onclick: () => onReact(message, LIKE) }, LIKE);
  const hasLike = shown.some(({ emoji }) => emoji === LIKE);
  return make("div", { className: "reactions" }, ...shown.map(chip), ...(hasLike ? [] : [like]));
}

/** @param {PendingMessage} message @param {MessageContext} context */
function pendingElement({ clientMsgId, text, files, error }, { language, onRetry }) {
  const state = make("div", { className: error ? "state failed" : "state" }, error ? refusalText(language, error) : widgetText(language, "sending"));
  if (error) {
    const retry = make("button", { type: "button", className: "link", onclick: () => onRetry(clientMsgId) }, widgetText(language, "retry"));
    state.append(" ", retry);
  }
  const body = make("div", { className: "body" });
  if (text) body.append(make("div", { className: "text", dir: "auto" }, ...markupNodes(parseMarkup(text))));
  for (const { name } of files) body.append(make("div", { className: "card" }, make("bdi", { className: "card-title" }, name)));
  body.append(state);
  return make("li", { className: "message own pending" }, make("span", { className: "avatar", "aria-hidden": true }), body);
}

/** @param {Message} message @param {string} site */
function avatarElement({ fromId, name, avatar }, site) {
  const initial = [...name.trim()][0]?.toUpperCase() ?? "?";
  const element = make("span", { className: "avatar", "aria-hidden": true }, initial);
  element.dataset.color = String(Number(BigInt(/^\d+$/.test(fromId) ? fromId : 0) % BigInt(COLORS)));
  if (!avatar) return element;
  const image = make("img", { alt: "", loading: "lazy", src: avatar.startsWith("/") ? site + avatar : avatar });
  image.onerror = () => image.remove();
  element.append(image);
  return element;
}

/** The time, with the date unless it is today. @param {Date} time @param {WidgetLanguage} language */
function formatTime(time, language) {
  const isToday = time.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const date = isToday ? {} : { month: "short", day: "numeric" };
  return time.toLocaleString(localeOf(language), { hour: "2-digit", minute: "2-digit", ...date });
}
