/**
 * The connection of an embedded channel: logs in by tokens, renews them while it is open, and names the reason for which
 * it is refused. It knows no DOM.
 *
 * @import { LoginReply } from "../net/wire-types.js"
 * @typedef {{kind: "refused" | "noToken" | "tokenFailed", reason: string, message: string, data?: object}} WidgetRefusal
 * @typedef {{ready: LoginReply, waiting: null, refused: WidgetRefusal, polling: boolean, "user-changed": null}} WidgetConnectionEvents
 *   `polling`: true while it is connected by HTTP calls, because the network lets no WebSocket through;
 *   `user-changed`: the page's new token is another user's or channel's, and the connection has ended
 */
import { Emitter } from "../net/events.js";
import { PollingSocket } from "../net/polling-socket.js";
import { RequestError, backoffDelay, isRequestFailure } from "../net/protocol.js";
import { Socket } from "../net/socket.js";
import { TokenError } from "./tokens.js";

/** The app of web pages. A global channel's own app takes its place. */
const WEB_APP = 101;
const RENEWAL_RETRY_MS = 10_000;
/** The reason for which the server refuses to renew a token by one of another user or channel. */
const OTHER_TOKEN = "widget_token_invalid";

/** The site must know the user by the token only. @type {typeof globalThis.fetch} */
const fetchWithoutCookies = (input, options) => fetch(input, { ...options, credentials: "omit" });

/** The page's storage, where its next widget finds how this one is connected. Some browsers refuse it. */
function pageStorage() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/** @extends {Emitter<WidgetConnectionEvents>} */
export class WidgetConnection extends Emitter {
  #renewalTimer = 0;
  /** The refusal of a token, while another one is tried. @type {WidgetRefusal | null} */
  #firstRefusal = null;
  #wasOpen = false;
  #isStopped = true;
  /** Attempts to get a token that nothing has answered. */ #attempts = 0;
  /** The number of the last log-in. Results of earlier ones are outdated. */ #logInNumber = 0;

  /** @param {string} site its origin @param {import("./tokens.js").TokenSource} tokens */
  constructor(site, tokens) {
    super();
    this.site = site;
    this.tokens = tokens;
    const url = `${site.replace(/^http/, "ws")}/widget?activity=1`;
    const openPolling = () => new PollingSocket(url, { fetch: fetchWithoutCookies });
    this.socket = new Socket(url, { fetch: fetchWithoutCookies, openPolling, tabStorage: pageStorage() });
    this.socket.on("ready", ({ login }) => this.#onReady(login));
    this.socket.on("refused", (error) => this.#onRefused(error));
    this.socket.on("user-changed", () => this.#changeUser());
    this.socket.on("status", ({ status, isPolling }) => {
      if (status === "waiting") this.#onWaiting();
      if (status === "ready") this.emit("polling", isPolling);
    });
  }

  /** Get a token and connect. */
  async start() {
    this.#isStopped = false;
    this.#wasOpen = false;
    this.#firstRefusal = null;
    await this.#logIn();
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#renewalTimer);
    this.socket.stop();
  }

  /** Take over a new token that the page has given: on the open connection, else by a new one. */
  async renew() {
    if (this.socket.isReady) await this.#renew();
    else await this.start();
  }

  async #logIn() {
    clearTimeout(this.#renewalTimer);
    const number = ++this.#logInNumber;
    try {
      const serviceToken = await this.tokens.next();
      if (number !== this.#logInNumber) return;
      this.#attempts = 0;
      if (!this.#isStopped) this.socket.start({ appId: WEB_APP, serviceToken });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (number !== this.#logInNumber) return;
      if (error.kind === "unreachable") {
        this.#logInLater();
        return;
      }
      const refusal = { kind: error.kind, reason: error.reason, message: error.message };
      this.#refuse(error.message ? refusal : (this.#firstRefusal ?? refusal));
    }
  }

  #logInLater() {
    if (this.#isStopped) return;
    this.emit("waiting");
    this.#renewalTimer = setTimeout(() => this.#logIn(), backoffDelay(++this.#attempts, Math.random()));
  }

  /** Nothing of the last user may stay, or be sent as the next one. */
  #changeUser() {
    this.stop();
    this.tokens.reuse();
    this.emit("user-changed");
  }

  /** @param {LoginReply} login */
  #onReady(login) {
    this.#wasOpen = true;
    this.#firstRefusal = null;
    this.#scheduleRenewal(this.tokens.renewalDelayMs);
    this.emit("ready", login);
  }

  /** The token may have ended while the connection was lost, so another one is tried before the page is told. @param {RequestError} error */
  #onRefused(error) {
    /** @type {WidgetRefusal} */
    const refusal = { kind: "refused", reason: error.reason, message: error.message, data: error.data };
    if (!this.tokens.canFetch || this.#firstRefusal) {
      this.#refuse(refusal);
      return;
    }
    this.#firstRefusal = refusal;
    this.#logIn();
  }

  /** Before the first log-in, the page's origin may be the cause. The browser does not tell. */
  async #onWaiting() {
    this.emit("waiting");
    if (this.#wasOpen) return;
    try {
      const response = await fetch(`${this.site}/widget/status/`, { credentials: "omit", cache: "no-store" });
      const { allowed, reason, error } = await response.json();
      if (!allowed && !this.#wasOpen) this.#refuse({ kind: "refused", reason, message: error });
    } catch {
      // The site cannot be reached. The socket tries again.
    }
  }

  /** @param {WidgetRefusal} refusal */
  #refuse(refusal) {
    if (this.#isStopped) return;
    this.stop();
    this.emit("refused", refusal);
  }

  /** @param {number} delayMs */
  #scheduleRenewal(delayMs) {
    clearTimeout(this.#renewalTimer);
    if (this.tokens.canFetch) this.#renewalTimer = setTimeout(() => this.#renew(), delayMs);
  }

  async #renew() {
    try {
      const serviceToken = await this.tokens.next();
      await this.socket.request("widget.renew", { serviceToken });
      this.#scheduleRenewal(this.tokens.renewalDelayMs);
    } catch (error) {
      if (!(error instanceof TokenError) && !isRequestFailure(error)) throw error;
      if (error instanceof RequestError && error.reason === OTHER_TOKEN) this.#changeUser();
      else this.#scheduleRenewal(RENEWAL_RETRY_MS);
    }
  }
}
