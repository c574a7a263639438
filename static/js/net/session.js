/**
 * A user's session on an app: loads the channels after login, and brings the store up to date after a reconnect.
 *
 * `loaded`: everything was loaded; `resumed`: up to date after a reconnect; `signed-out`: the server refused the login.
 * @import { App, Channel, LoginReply, SidebarArrangement, User } from "./wire-types.js"
 * @import { GapFiller } from "./gap-filler.js"
 * @import { Outbox } from "./outbox.js"
 * @import { PresenceSync } from "./presence-sync.js"
 * @import { Credentials, Socket } from "./socket.js"
 * @import { ChannelLog } from "./state/channel-log.js"
 * @import { Store } from "./state/store.js"
 * @typedef {{loaded: null, resumed: null, "signed-out": {isExpired: boolean, error: RequestError}}} SessionEvents
 *   `isExpired`: the sign-in has ended; otherwise it was refused
 */
import { Emitter } from "./events.js";
import { Code, LoginRefusal, RequestError, isRequestFailure } from "./protocol.js";

const CATCH_UP_PAGE_SIZE = 100;
const MAX_CATCH_UP_PAGES = 5;

/** @extends {Emitter<SessionEvents>} */
export class Session extends Emitter {
  #isLoaded = false;
  #needsReset = false;
  /** True until the first connection of a session that was restored. */ #isRestored = false;

  /**
   * @param {{socket: Socket, store: Store, outbox: Outbox, presence: PresenceSync, gapFiller: GapFiller,
   *   credentials?: Omit<Credentials, "appId">}} deps  `credentials`: by default the browser's session cookie
   */
  constructor({ socket, store, outbox, presence, gapFiller, credentials = {} }) {
    super();
    this.socket = socket;
    this.store = store;
    this.outbox = outbox;
    this.presence = presence;
    this.gapFiller = gapFiller;
    this.credentials = credentials;
    socket.on("status", (connection) => store.setConnection(connection));
    socket.on("reset", () => (this.#needsReset = true));
    socket.on("ready", ({ login, isResumed }) => this.#onReady(login, isResumed));
    socket.on("refused", (error) => this.#onRefused(error));
  }

  /** Connect to an app. @param {number} appId @param {number | null} [after] passes on what came after this position */
  start(appId, after = null) {
    this.#isLoaded = false;
    this.store.clear();
    this.socket.start({ appId, ...this.credentials }, after);
  }

  /**
   * Go on with what an earlier page has left, and connect as its user. The channels are shown before there is a connection.
   * @param {{me: User, app: App, channels: Channel[], sidebar?: SidebarArrangement, logs: Map<string, ChannelLog>, position: number}} past
   *   `position`: all events up to it are in the channels and logs
   */
  restore({ me, app, channels, sidebar, logs, position }) {
    this.#isLoaded = this.#isRestored = true;
    this.store.setMe(me, app);
    this.outbox.load(me.id);
    this.store.logs = logs;
    if (sidebar) this.store.setSidebar(sidebar);
    this.store.setChannels(channels, true);
    this.socket.resume({ appId: app.appId, ...this.credentials }, me.id, position);
  }

  /** @param {LoginReply} login @param {boolean} isResumed */
  async #onReady(login, isResumed) {
    const { userId, id, name, avatar = "", kind, appId, appName, target } = login;
    /** @type {User} */
    const me = { userId, id, name, avatar, kind };
    this.store.setMe(me, { appId, name: appName, target });
    this.outbox.load(id);
    try {
      if (isResumed && this.#isLoaded && !this.#needsReset) await this.#resume();
      else await this.#load();
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      // The next connection does this again; after a server fault, a connection has to be lost for that.
      if (error instanceof RequestError) this.socket.reconnectLater();
    }
  }

  async #load() {
    const discardKnown = this.#needsReset;
    const [channels] = await Promise.all([this.#fetchChannels(), this.#loadSidebar(), this.presence.load(), this.#loadApps()]);
    this.#needsReset = this.#isRestored = false;
    this.#isLoaded = true;
    this.store.clearLogs();
    this.store.setChannels(channels, discardKnown);
    this.outbox.flush();
    this.emit("loaded");
  }

  /** A reply holds only a part of a very long list. */
  async #fetchChannels() {
    /** @type {Map<string, Channel>} */
    const all = new Map();
    for (let skip = 0, more = true; more; ) {
      const { channels, hasMore } = await this.socket.request("channel.list", skip ? { skip } : {});
      for (const channel of channels) all.set(channel.target, channel);
      skip += channels.length;
      more = hasMore && channels.length > 0;
    }
    return [...all.values()];
  }

  async #resume() {
    const { store } = this;
    const readBefore = new Map([...store.channels.values()].map(({ target, readSeq }) => [target, readSeq]));
    this.outbox.flush();
    const [channels] = await Promise.all([this.#fetchChannels(), this.#loadSidebar(), this.presence.load()]);
    for (const { target, readSeq } of channels) {
      const known = store.channels.get(target)?.readSeq ?? 0;
      const wasReadHere = store.unsentReads.has(target) || known !== readBefore.get(target);
      // Meanwhile the user has marked messages as unread on another device.
      if (readSeq < known && !wasReadHere) store.setUnread(target, readSeq);
    }
    store.setChannels(channels);
    await this.#catchUpGlobalChannel();
    if (this.#isRestored) await this.#loadApps();
    this.#isRestored = false;
    for (const target of this.store.logs.keys()) this.gapFiller.check(target);
    this.emit("resumed");
  }

  /**
   * `sync` leaves out the global channel: fetch its messages after the last known one, and edits of recent ones. Of those
   * that an earlier page has left, the server does not tell which were recalled.
   */
  async #catchUpGlobalChannel() {
    const { target } = this.store.app;
    const log = this.store.logs.get(target);
    if (!log?.isLoaded || log.hasNewer) return;
    const limit = CATCH_UP_PAGE_SIZE;
    const lastKnown = log.gap() ?? log.lastSeq;
    const newest = await this.socket.request("message.history", { target, limit });
    const firstOfNewest = newest.messages.at(0)?.seq ?? 0;
    let isConnected = !this.#isRestored && firstOfNewest <= lastKnown + 1;
    for (let pages = 0, after = lastKnown; !this.#isRestored && !isConnected && pages < MAX_CATCH_UP_PAGES; pages++) {
      const page = await this.socket.request("message.history", { target, after, limit });
      log.fill(after, page);
      after = page.messages.at(-1)?.seq ?? after;
      isConnected = !page.hasMore || firstOfNewest <= after + 1;
    }
    log.setNewest(newest, isConnected);
    const channel = this.store.channels.get(target);
    const { lastSeq } = log;
    const newCount = channel ? lastSeq - channel.lastSeq : 0;
    if (channel && newCount > 0) this.store.changeChannel(target, { lastSeq, unread: channel.unread + newCount });
    this.store.emit("log", target);
  }

  /** Guests and services have one channel, or no page. A refusal changes nothing, as by an older server. */
  async #loadSidebar() {
    if (this.store.me?.kind !== "person") return;
    try {
      this.store.setSidebar(await this.socket.request("sidebar.get"));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }

  /** The page works without the list of apps, so a refusal changes nothing. */
  async #loadApps() {
    try {
      this.store.setApps((await this.socket.request("app.list")).apps);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }

  /** @param {RequestError} error */
  #onRefused(error) {
    this.store.clear();
    this.store.me = null;
    const isExpired = error.code === Code.NOT_LOGGED_IN || error.reason === LoginRefusal.SESSION_ENDED;
    this.emit("signed-out", { isExpired, error });
  }
}
