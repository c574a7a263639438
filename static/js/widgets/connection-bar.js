/**
 * The bar at the top while there is no connection, with the seconds until the next attempt, or only a slower one.
 *
 * @import { TextKey } from "../lib/i18n.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Announcer } from "./announcer.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { formatDateTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";

/** A shorter interruption is not shown. */
const SHOW_AFTER_MS = 700;
/** An attempt that takes longer can be given up for a new one. */
const SHOW_RETRY_AFTER_MS = 3000;
const COUNTDOWN_INTERVAL_MS = 250;

export class ConnectionBar {
  #bar = byId("connection-bar");
  #timer = 0;
  #disconnectedSince = 0;
  #isPollingHidden = false;
  #isPollingAnnounced = false;

  /**
   * @param {{store: Store, socket: Socket, announcer: Announcer, keptAt: () => number | null}} deps
   *   `keptAt`: the time in ms that the shown chat is from; null: the page has loaded it
   */
  constructor({ store, socket, announcer, keptAt }) {
    this.keptAt = keptAt;
    this.store = store;
    this.announcer = announcer;
    store.on("connection", () => this.#render());
    language.on("change", () => this.#render());
    part(this.#bar, "retry").addEventListener("click", () => socket.reconnect());
    part(this.#bar, "hide").addEventListener("click", () => {
      this.#isPollingHidden = true;
      this.#render();
    });
  }

  #render() {
    clearTimeout(this.#timer);
    const { status, retryAt, isPolling } = this.store.connection;
    this.#bar.dataset.status = status;
    if (status === "ready" || status === "idle" || status === "ended") {
      if (!this.#bar.hidden && status === "ready") this.announcer.announce(t("connection.restored"));
      this.#disconnectedSince = 0;
      this.#bar.hidden = true;
      if (status === "ready") this.#showPolling(isPolling);
      return;
    }
    part(this.#bar, "hide").hidden = true;
    this.#disconnectedSince ||= performance.now();
    const duration = performance.now() - this.#disconnectedSince;
    if (status !== "waiting" && duration < SHOW_AFTER_MS) {
      this.#timer = setTimeout(() => this.#render(), SHOW_AFTER_MS - duration);
      return;
    }
    // A screen reader hears of it once, without the countdown.
    if (this.#bar.hidden) this.announcer.announce(t("connection.lost"));
    this.#bar.hidden = false;
    const isRetryShown = status === "waiting" || duration >= SHOW_RETRY_AFTER_MS;
    part(this.#bar, "retry").hidden = !isRetryShown;
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    const keptAt = this.keptAt();
    setText(part(this.#bar, "text"), t(this.#textKey(), { seconds, time: keptAt === null ? "" : formatDateTime(keptAt) }));
    if (status === "waiting" || !isRetryShown) this.#timer = setTimeout(() => this.#render(), COUNTDOWN_INTERVAL_MS);
  }

  /** @param {boolean} isPolling */
  #showPolling(isPolling) {
    if (!isPolling) this.#isPollingHidden = this.#isPollingAnnounced = false;
    if (!isPolling || this.#isPollingHidden) return;
    this.#bar.dataset.status = "polling";
    this.#bar.hidden = part(this.#bar, "hide").hidden = false;
    part(this.#bar, "retry").hidden = true;
    setText(part(this.#bar, "text"), t("connection.polling"));
    if (!this.#isPollingAnnounced) this.announcer.announce(t("connection.polling"));
    this.#isPollingAnnounced = true;
  }

  /** @returns {TextKey} */
  #textKey() {
    const { status, reason } = this.store.connection;
    if (reason === "blocked") return "connection.blocked";
    if (this.keptAt() !== null && status !== "catching-up") return "connection.kept";
    if (status === "connecting") return "connection.connecting";
    if (status === "catching-up") return "connection.catchingUp";
    return reason === "too-many" ? "connection.tooMany" : "connection.waiting";
  }
}
