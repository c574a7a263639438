/** A thin line at the top while there is no connection, with the seconds to the next try. */
/**
 * @import { Announcer } from "./announcer.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../state/store.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";

/** What takes less than this is not worth a word. */
const UNNOTICED = 700;

export class ConnectionBar {
  #bar = byId("connection-bar");
  #timer = 0;
  #since = 0;

  /** @param {{store: Store, socket: Socket, announcer: Announcer}} parts */
  constructor({ store, socket, announcer }) {
    this.store = store;
    this.announcer = announcer;
    store.addEventListener("connection", () => this.#show());
    language.addEventListener("change", () => this.#show());
    part(this.#bar, "retry").addEventListener("click", () => socket.retryNow());
  }

  #show() {
    clearTimeout(this.#timer);
    const { status, retryAt, reason } = this.store.connection;
    const fine = status === "ready" || status === "idle" || status === "ended";
    this.#bar.dataset.status = status;
    if (fine) {
      if (!this.#bar.hidden && status === "ready") this.announcer.say(t("connection.back"));
      this.#since = 0;
      this.#bar.hidden = true;
      return;
    }
    this.#since ||= Date.now();
    const late = Date.now() - this.#since;
    if (status !== "waiting" && late < UNNOTICED) {
      this.#timer = setTimeout(() => this.#show(), UNNOTICED - late);
      return;
    }
    // The seconds are for the eye.
    if (this.#bar.hidden) this.announcer.say(t("connection.lost"));
    this.#bar.hidden = false;
    part(this.#bar, "retry").hidden = status !== "waiting";
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    const waiting = reason === "too-many" ? "connection.tooMany" : "connection.waiting";
    const text = { connecting: "connection.connecting", "catching-up": "connection.catchingUp" }[status] ?? waiting;
    setText(part(this.#bar, "text"), t(text, { seconds }));
    if (status === "waiting") this.#timer = setTimeout(() => this.#show(), 250);
  }
}
