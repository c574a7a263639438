/**
 * The element `<imsite-chat>`: a channel in a shadow tree, which the page's style sheets do not reach.
 *
 * Attributes: `channel`; `mode` ("chat", "comments" or "badge"); `token-url`; `floating`; `theme` ("light" or "dark");
 * `lang`; `site`, if it is not the one that the script came from. Events, on the element: `ready`, `message`
 * ({id, seq, text, name, time}), `unread` ({count}), `error` ({reason, text}).
 *
 * @import { WidgetLanguage } from "./texts.js"
 * @import { WidgetMode } from "./view.js"
 * @import { WidgetRefusal } from "./connection.js"
 * @import { IssuedToken, TokenFunction } from "./tokens.js"
 */
import { messageText } from "../net/state/message-content.js";
import { WidgetChannel } from "./channel.js";
import { WidgetConnection } from "./connection.js";
import { make } from "./dom.js";
import { WidgetFiles } from "./files.js";
import { scriptSite } from "./site.js";
import { TokenSource, tokensFrom } from "./tokens.js";
import { WidgetView } from "./view.js";

const MODES = /** @type {const} */ (["chat", "comments", "badge"]);
/** Events of keys and input that the page's own handlers do not get: they would act on what is written here. */
const KEPT_EVENTS = ["keydown", "keypress", "keyup", "beforeinput", "input", "paste", "copy", "cut"];

export class WidgetElement extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  /** @type {TokenFunction | null} */ #getToken = null;
  /** @type {TokenSource | null} */ #tokens = null;
  /** @type {WidgetConnection | null} */ #connection = null;
  /** @type {WidgetChannel | null} */ #model = null;
  /** @type {WidgetView | null} */ #view = null;
  /** @type {WidgetFiles | null} */ #files = null;
  /** @type {IntersectionObserver | null} */ #observer = null;
  #isOpen = false;
  #isInView = false;
  #onVisible = () => this.#markReadIfSeen();

  /** Called for each token that the widget needs, instead of `token-url`. @param {TokenFunction | null} getToken */
  set getToken(getToken) {
    this.#getToken = getToken;
  }

  connectedCallback() {
    // The page may set `getToken`, or call `setToken`, right after it has added the element.
    queueMicrotask(() => this.isConnected && !this.#connection && this.#start());
  }

  disconnectedCallback() {
    this.destroy();
  }

  /** Show the panel of a floating widget, with the focus in its field. */
  open() {
    this.#setOpen(true);
    this.#view?.focus();
  }

  /** Hide the panel of a floating widget. */
  close() {
    this.#setOpen(false);
    this.#view?.launcher?.focus();
  }

  /** Use a token that the page has got from its server: instead of the present one, or after a refusal. @param {IssuedToken | string} token */
  setToken(token) {
    this.#tokens ??= this.#newTokens();
    this.#tokens.give(token);
    this.#connection?.renew();
  }

  /** End the connection and empty the element. Adding it to the page again starts it anew. */
  destroy() {
    this.#connection?.stop();
    this.#view?.end();
    this.#files?.clear();
    this.#observer?.disconnect();
    document.removeEventListener("visibilitychange", this.#onVisible);
    this.#connection = this.#model = this.#view = this.#files = this.#observer = this.#tokens = null;
    this.#root.replaceChildren();
  }

  /** Begin anew, as the user of the page's last token. */
  #restart() {
    const tokens = this.#tokens;
    this.destroy();
    this.#tokens = tokens;
    this.#start();
  }

  get #site() {
    return this.getAttribute("site") || scriptSite;
  }

  /** @returns {WidgetMode} */
  get #mode() {
    return MODES.find((mode) => mode === this.getAttribute("mode")) ?? "chat";
  }

  /** @returns {WidgetLanguage} */
  get #language() {
    const language = this.lang || document.documentElement.lang || navigator.language;
    return language.toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  #start() {
    const [site, mode, language] = [this.#site, this.#mode, this.#language];
    const isFloating = mode === "chat" && this.hasAttribute("floating");
    this.#tokens ??= this.#newTokens();
    const connection = (this.#connection = new WidgetConnection(site, this.#tokens));
    const model = (this.#model = new WidgetChannel(connection.socket, site, mode !== "badge"));
    const files = (this.#files = new WidgetFiles(site, this.#tokens));
    const channel = this.getAttribute("channel") ?? "";
    const onOpen = () => this.open();
    const view = (this.#view = new WidgetView({ mode, language, site, channel, isFloating, model, files, onOpen, onClose: () => this.close() }));
    const isShown = () => connection === this.#connection;
    connection.on("ready", (login) => model.load(login).then((isLoaded) => isLoaded && isShown() && this.#onLoaded()));
    connection.on("user-changed", () => this.#restart());
    connection.on("polling", (isPolling) => view.setPolling(isPolling));
    connection.on("waiting", () => view.setStatus("offline"));
    connection.on("refused", (refusal) => this.#onRefused(refusal));
    model.on("change", () => (view.render(), this.#markReadIfSeen()));
    model.on("unread", (count) => this.#tell("unread", { count }));
    model.on("message", (message) => this.#tell("message", { id: message.id, seq: message.seq, text: messageText(message), name: message.name, time: message.time }));
    this.#fill(view, language);
    this.#setOpen(!isFloating);
    connection.start();
  }

  /** @param {WidgetView} view @param {WidgetLanguage} language */
  #fill(view, language) {
    const frame = make("div", { className: `frame ${this.#mode}`, lang: language === "zh" ? "zh-Hans" : "en", hidden: true }, view.panel);
    if (view.launcher) frame.append(view.launcher);
    frame.classList.toggle("floating", Boolean(view.launcher));
    for (const type of KEPT_EVENTS) frame.addEventListener(type, (event) => event.stopPropagation());
    // Without its style sheet it would show for a moment as the browser's plain text.
    const show = () => ((frame.hidden = false), view.scrollToEnd());
    const styles = make("link", { rel: "stylesheet", href: `${this.#site}/widget.css`, onload: show, onerror: show });
    this.#root.replaceChildren(styles, frame);
    this.#observer = new IntersectionObserver(([entry]) => {
      this.#isInView = entry.isIntersecting;
      this.#markReadIfSeen();
    });
    this.#observer.observe(frame);
    document.addEventListener("visibilitychange", this.#onVisible);
  }

  #onLoaded() {
    this.#view?.setStatus("ready");
    this.#view?.scrollToEnd();
    this.#markReadIfSeen();
    const { name = "" } = this.#model?.channel ?? {};
    this.#tell("ready", { channel: this.getAttribute("channel"), name });
  }

  /** @param {WidgetRefusal} refusal */
  #onRefused(refusal) {
    this.#view?.setStatus("refused", refusal);
    this.#tell("error", { reason: refusal.reason || refusal.kind, text: this.#view?.noticeText ?? "" });
  }

  /** @param {boolean} isOpen */
  #setOpen(isOpen) {
    const { panel, launcher } = this.#view ?? {};
    this.#isOpen = isOpen || !launcher;
    if (panel) panel.hidden = !this.#isOpen;
    if (launcher) launcher.hidden = isOpen;
    if (this.#isOpen) this.#view?.scrollToEnd();
    this.#markReadIfSeen();
  }

  #markReadIfSeen() {
    const isSeen = this.#isOpen && this.#isInView && document.visibilityState === "visible";
    if (isSeen && this.#mode !== "badge") this.#model?.markRead();
  }

  #newTokens() {
    const url = this.getAttribute("token-url") || this.#ownTokenUrl;
    return new TokenSource(this.#getToken ?? (url ? tokensFrom(url) : null));
  }

  /** The site gives tokens to the users who are signed in to its own pages. */
  get #ownTokenUrl() {
    if (this.#site !== location.origin) return "";
    return `${this.#site}/widget/token/?channel=${encodeURIComponent(this.getAttribute("channel") ?? "")}`;
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
