/**
 * The elements of an embedded channel in its shadow tree: a chat box, a list of comments, or an unread badge.
 *
 * @import { WidgetChannel } from "./channel.js"
 * @import { WidgetFiles } from "./files.js"
 * @import { WidgetRefusal } from "./connection.js"
 * @import { WidgetLanguage } from "./texts.js"
 * @typedef {"chat" | "comments" | "badge"} WidgetMode
 * @typedef {"connecting" | "ready" | "offline" | "refused"} WidgetStatus
 */
import { isInputMethodKey } from "../lib/keys.js";
import { make, showText } from "./dom.js";
import { FileTray } from "./file-tray.js";
import { renderMessages } from "./message-view.js";
import { refusalText, widgetText } from "./texts.js";

const BOTTOM_TOLERANCE_PX = 40;
const MAX_BADGE = 99;

export class WidgetView {
  #list = make("ol", { className: "messages" });
  #log;
  #notice = make("p", { className: "notice", role: "status" });
  #typing = make("p", { className: "typing" });
  #title = make("bdi", { className: "title" });
  #count = make("span", { className: "count" });
  /** Of a badge. */
  #link = make("a");
  #field;
  #earlier;
  #attach;
  #tray;
  /** True if the message is sent as soon as its files are uploaded. */ #sendsWhenReady = false;
  /** @type {HTMLElement} */ panel;
  /** @type {HTMLElement | null} */ launcher = null;
  /** @type {WidgetRefusal | null} */ #refusal = null;
  /** @type {WidgetStatus} */ #status = "connecting";
  #isPolling = false;

  /**
   * @param {{mode: WidgetMode, language: WidgetLanguage, site: string, channel: string, isFloating: boolean,
   *   model: WidgetChannel, files: WidgetFiles, onOpen: () => void, onClose: () => void}} options
   */
  constructor(options) {
    this.options = options;
    const { mode, language, model, files, isFloating, onClose } = options;
    const text = (/** @type {import("./texts.js").WidgetText} */ key) => widgetText(language, key);
    this.#earlier = make("button", { type: "button", className: "link earlier", hidden: true, onclick: () => this.#loadOlder() }, text("earlier"));
    const name = text(mode === "comments" ? "comments" : "chat");
    this.#log = make("div", { className: "log", tabIndex: 0, role: "log", "aria-label": name }, this.#earlier, this.#list);
    this.#field = make("textarea", { rows: 1, placeholder: text("placeholder"), "aria-label": text("placeholder"), dir: "auto" });
    this.#tray = new FileTray({ language, files, onChange: () => this.#onTrayChange() });
    this.#tray.element.setAttribute("aria-label", text("attachments"));
    this.#attach = make("button", { type: "button", className: "attach", title: text("attach"), "aria-label": text("attach"), hidden: true }, "+");
    const chooser = make("input", { type: "file", multiple: true, hidden: true, onchange: () => this.#choose(chooser) });
    this.#attach.onclick = () => chooser.click();
    const row = make("div", { className: "composer-row" }, this.#attach, chooser, this.#field, make("button", { className: "send" }, text("send")));
    const form = make("form", { className: "composer" }, this.#tray.notice, this.#tray.element, row);
    const header = make("header", {}, this.#title);
    if (isFloating) header.append(make("button", { type: "button", className: "close", "aria-label": text("close"), title: text("close"), onclick: onClose }, "×"));
    this.panel = mode === "badge" ? this.#badge() : make("section", { className: "panel", "aria-label": name }, header, this.#log, this.#typing, this.#notice, form);
    if (isFloating) this.launcher = this.#launcher();
    form.addEventListener("submit", (event) => this.#submit(event));
    this.#field.addEventListener("paste", (event) => this.#addFiles(event, event.clipboardData));
    this.panel.addEventListener("dragover", (event) => this.#maxBytes && event.dataTransfer?.types.includes("Files") && event.preventDefault());
    this.panel.addEventListener("drop", (event) => this.#addFiles(event, event.dataTransfer));
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#field.addEventListener("input", () => {
      this.#fitField();
      if (this.#field.value.trim()) model.notifyTyping();
    });
    this.render();
  }

  /** @param {WidgetStatus} status @param {WidgetRefusal | null} [refusal] */
  setStatus(status, refusal = null) {
    this.#status = status;
    this.#refusal = refusal;
    this.render();
  }

  /** @param {boolean} isPolling  connected by HTTP calls */
  setPolling(isPolling) {
    if (this.#isPolling === isPolling) return;
    this.#isPolling = isPolling;
    this.render();
  }

  /** The sentence that says why nothing is shown, or what is not as usual, or "". */
  get noticeText() {
    const { language, model } = this.options;
    if (this.#refusal) {
      const { kind } = this.#refusal;
      return refusalText(language, this.#refusal) || widgetText(language, kind === "noToken" ? kind : "tokenFailed");
    }
    if (this.#status === "connecting" && !model.channel) return widgetText(language, "connecting");
    if (this.#status === "offline") return widgetText(language, "offline");
    if (model.hasFailed) return widgetText(language, "loadFailed");
    if (this.#status !== "ready") return "";
    const isEmpty = model.log.isLoaded && !model.messages.length && !model.pending.length;
    const key = isEmpty ? "empty" : this.#isPolling ? "polling" : null;
    return key ? widgetText(language, key) : "";
  }

  render() {
    const { language, mode, model, site, files } = this.options;
    const isRefused = this.#status === "refused";
    this.panel.classList.toggle("refused", isRefused);
    showText(this.#notice, this.noticeText);
    const { channel } = model;
    this.#title.textContent = channel?.name || widgetText(language, mode === "comments" ? "comments" : "chat");
    this.#count.textContent = model.unread > MAX_BADGE ? `${MAX_BADGE}+` : String(model.unread);
    this.#count.hidden = model.unread === 0;
    const unread = model.unread ? ` · ${widgetText(language, "unread", { count: model.unread })}` : "";
    this.launcher?.setAttribute("aria-label", widgetText(language, "open") + unread);
    if (mode === "badge") {
      this.#link.title = widgetText(language, "unread", { count: model.unread });
      this.#link.setAttribute("aria-label", this.#link.title);
      this.#notice.hidden = !isRefused;
      return;
    }
    const isAtEnd = this.#isAtEnd;
    renderMessages(this.#list, isRefused ? [] : model.messages, isRefused ? [] : model.pending, {
      language,
      site,
      files,
      userId: model.me?.id,
      onReact: (message, emoji) => model.toggleReaction(message, emoji),
      onRetry: (id) => model.retry(id),
    });
    this.#earlier.hidden = !model.log.hasOlder || isRefused;
    this.#attach.hidden = !this.#maxBytes;
    this.#renderTyping();
    if (isAtEnd) this.scrollToEnd();
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  focus() {
    this.#field.focus();
  }

  /** Stop what is under way. */
  end() {
    this.#tray.clear();
  }

  /** The bytes of the largest file that may be attached; 0 if none. */
  get #maxBytes() {
    return this.options.model.me?.uploadMaxBytes ?? 0;
  }

  get #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < BOTTOM_TOLERANCE_PX;
  }

  #badge() {
    const { site, channel } = this.options;
    const icon = make("span", { className: "bubble", "aria-hidden": true });
    Object.assign(this.#link, { className: "badge", href: `${site}/#${channel}`, target: "_blank", rel: "noopener" });
    this.#link.append(icon, this.#count);
    return make("span", { className: "badge-box" }, this.#link, this.#notice);
  }

  #launcher() {
    const { language, onOpen } = this.options;
    const label = widgetText(language, "open");
    const icon = make("span", { className: "bubble", "aria-hidden": true });
    return make("button", { type: "button", className: "launcher", "aria-label": label, title: label, onclick: onOpen }, icon, this.#count);
  }

  #renderTyping() {
    const { language, model } = this.options;
    const users = model.typing.in(model.me?.target ?? null);
    const text = users.length > 1 ? widgetText(language, "typingMany") : users.length ? widgetText(language, "typingOne", { name: users[0].name }) : "";
    showText(this.#typing, text);
  }

  async #loadOlder() {
    const before = this.#log.scrollHeight;
    await this.options.model.loadOlder();
    this.#log.scrollTop += this.#log.scrollHeight - before;
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (!text && this.#tray.isEmpty) return;
    this.#sendsWhenReady = !this.#tray.isReady;
    if (this.#sendsWhenReady) {
      showText(this.#tray.notice, widgetText(this.options.language, "sendsLater"));
      return;
    }
    this.#send(text);
  }

  /** @param {string} text */
  #send(text) {
    this.#field.value = "";
    this.#fitField();
    this.options.model.send(text, this.#tray.take());
    this.scrollToEnd();
  }

  /** @param {HTMLInputElement} chooser */
  #choose(chooser) {
    this.#tray.add([...(chooser.files ?? [])], this.#maxBytes);
    // The same file can be chosen again.
    chooser.value = "";
    this.#field.focus();
  }

  /** Attach the files that are pasted or dropped. @param {Event} event @param {DataTransfer | null} data */
  #addFiles(event, data) {
    const files = [...(data?.files ?? [])];
    if (!files.length || !this.#maxBytes) return;
    event.preventDefault();
    this.#tray.add(files, this.#maxBytes);
  }

  #onTrayChange() {
    if (!this.#sendsWhenReady || !this.#tray.isReady) return;
    this.#sendsWhenReady = false;
    showText(this.#tray.notice, "");
    const text = this.#field.value.trim();
    if (text || !this.#tray.isEmpty) this.#send(text);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === "Escape" && this.launcher && !isInputMethodKey(event)) this.options.onClose();
    if (event.key !== "Enter" || event.shiftKey || isInputMethodKey(event)) return;
    this.#submit(event);
  }

  #fitField() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
