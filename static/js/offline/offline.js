/**
 * Opens the page without a connection from the offline copy of the chat, and keeps that copy. It is deleted when its user
 * signs out, when the server refuses them, and before another user is shown anything.
 *
 * @import { Boot } from "../boot.js"
 * @import { Navigation } from "../navigation.js"
 * @import { Session } from "../net/session.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 * @import { BrowserUser } from "../page/browser-user.js"
 * @import { Layout } from "../widgets/layout.js"
 */
import { setTimeZone } from "../lib/format.js";
import { reopenPage } from "../widgets/page-reopening.js";
import { ChatKeeper } from "./chat-keeper.js";
import { restoredLog } from "./kept-chat.js";
import { KeptDatabase } from "./kept-database.js";
import { takeOverLogs } from "./kept-logs.js";
import { isOfflineSupported, registerWorker } from "./worker-registration.js";

const EXPIRY_CHECK_MS = 60_000;

export class Offline {
  /** The time that the shown chat is from while there is no connection, in ms; null: it is shown as it is. @type {number | null} */ keptAt = null;
  #hasTakenOver = false;
  /** Settled once nothing of another user is kept. @type {Promise<unknown>} */ #ownOnly = Promise.resolve();

  /**
   * @param {{boot: Boot, socket: Socket, store: Store, session: Session, browserUser: BrowserUser, navigation: Navigation,
   *   layout: Layout, setToken: (token: string) => void, wipeFiles: () => Promise<void>}} deps
   *   `setToken`: takes the token that the page's requests have to carry; `wipeFiles`: deletes the files that wait
   */
  constructor(deps) {
    this.deps = deps;
    const { boot, socket, store, session } = deps;
    this.keeper = new ChatKeeper({
      store,
      socket,
      settings: () => ({ staff: boot.staff, timeZone: boot.timeZone, sidebar: store.sidebar }),
      onTurn: (database) => this.#takeOver(database),
    });
    session.on("signed-out", () => this.#onSignedOut());
    socket.on("user-changed", () => this.wipe());
    if (boot.userId === null && !boot.isShell) this.wipe();
    if (!isOfflineSupported) return;
    for (const event of /** @type {const} */ (["loaded", "resumed"])) session.on(event, () => this.#keep());
    socket.on("ready", () => this.#onReady());
    addEventListener("pagehide", () => this.keeper.flush());
    setInterval(() => this.#checkExpiry(), EXPIRY_CHECK_MS);
    // A page that was frozen has missed that.
    document.addEventListener("visibilitychange", () => this.#checkExpiry());
    if (boot.userId !== null) this.#ownOnly = new KeptDatabase().deleteOthers(boot.userId).catch(() => {});
  }

  /** Show what is kept, and connect. Without anything, the page waits for the server. */
  async open() {
    const { boot, browserUser, layout, navigation, session } = this.deps;
    const kept = await new KeptDatabase().read().catch(() => null);
    if (!kept || kept.user.app.appId !== addressedApp(boot.appId)) {
      reopenPage(() => location.reload(), "offline.nothingKept");
      return;
    }
    const { me, app, staff, timeZone, sidebar, position, contactAt } = kept.user;
    Object.assign(boot, { signedIn: true, userId: me.id, appId: app.appId, staff, timeZone });
    setTimeZone(timeZone);
    this.keptAt = contactAt;
    this.keeper.resume(kept.user);
    const logs = new Map([...kept.logs].map(([target, page]) => [target, restoredLog(page)]));
    session.restore({ me, app, channels: kept.channels, sidebar, logs, position });
    browserUser.resume(me.id);
    layout.open();
    navigation.onSessionLoaded();
  }

  /** Delete what is kept, because its user leaves. */
  async wipe() {
    await Promise.all([this.deps.wipeFiles(), ...(isOfflineSupported ? [this.keeper.wipe()] : [])]);
  }

  /** Keep nothing more, because the browser has another user. */
  stop() {
    this.keeper.stop();
  }

  #keep() {
    registerWorker();
    this.keeper.start();
  }

  /** Get the token for the page's requests, which a page that was opened without a connection lacks. */
  async renewToken() {
    const answer = await fetch("/csrf-token/").catch(() => null);
    if (answer?.ok) this.deps.setToken((await answer.json()).csrf);
  }

  #onReady() {
    this.keptAt = null;
    if (this.deps.boot.isShell) this.renewToken();
  }

  async #onSignedOut() {
    await this.wipe();
    // This page cannot offer a sign-in, as it knows nothing of the site's apps.
    if (this.deps.boot.isShell) reopenPage(() => location.reload());
  }

  #checkExpiry() {
    if (!this.keeper.isExpired) return;
    this.wipe();
    reopenPage(() => location.reload(), "offline.nothingKept");
  }

  /** Use what an earlier page has kept, once. @param {KeptDatabase} database */
  async #takeOver(database) {
    await this.#ownOnly;
    if (this.#hasTakenOver || this.deps.boot.isShell) return;
    this.#hasTakenOver = true;
    const kept = await database.read();
    if (kept) await takeOverLogs(kept, this.deps);
    // Until then the earlier copy has more than this page.
    await openChannelLoaded(this.deps.store);
  }
}

/** Return the number of the app that the address names. @param {number} defaultApp */
function addressedApp(defaultApp) {
  const query = new URLSearchParams(location.search);
  return Number(query.get("appId") || query.get("appID") || defaultApp);
}

/** Resolve once the messages of the open channel are loaded. @param {Store} store @returns {Promise<void>} */
function openChannelLoaded(store) {
  return new Promise((resolve) => {
    const check = () => {
      if (!store.log?.isLoaded) return;
      store.removeEventListener("log", check);
      resolve();
    };
    store.addEventListener("log", check);
    check();
  });
}
