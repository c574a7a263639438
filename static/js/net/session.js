/**
 * Keeps the store in step with the server: what is pushed goes in, what a reconnect or a hole shows to be missing is
 * fetched. No DOM.
 *
 * Events: `entered` (everything is loaded anew), `resumed` (in step again after a reconnect), `left` (detail {reason}: not connected as anybody any more).
 * `notice` (detail: a message that stands in no channel).
 *
 * @import { Channel, Message, Note, Person } from "./protocol.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "../state/store.js"
 * @import { Outbox } from "./outbox.js"
 */
import { Code, Disconnected, Refused } from "./protocol.js";

export const PAGE = 50;
const GAP_PATIENCE = 400;
const GLOBAL_PAGES = 5;
const PRESENCE_REFRESH = 60_000;
const PRESENCE_PUSHED_UP_TO = 500;

export class Session extends EventTarget {
  /** @type {Map<string, number>} */ #refreshes = new Map();
  /** @type {Map<string, number>} */ #gapTimers = new Map();
  /** By channel, the last one begun. @type {Map<string, Promise<void>>} */ #memberLoads = new Map();
  #presenceTimer = 0;
  #loaded = false;
  #needsReset = false;

  /** @param {Socket} socket @param {Store} store @param {Outbox} outbox */
  constructor(socket, store, outbox) {
    super();
    this.socket = socket;
    this.store = store;
    this.outbox = outbox;
    const on = (/** @type {string} */ type, /** @type {(detail: any) => void} */ handle) =>
      socket.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail));
    on("status", (status) => store.setConnection(status));
    for (const [kind, handle] of Object.entries(this.#pushHandlers())) socket.onPush(kind, handle);
    on("reset", () => (this.#needsReset = true));
    on("ready", (detail) => this.#ready(detail));
    on("refused", (refused) => this.#refused(refused));
  }

  /** As whom the browser is signed in. @param {number} appId */
  enter(appId) {
    this.#loaded = false;
    this.store.clear();
    this.socket.start({ appId });
  }

  /** @param {{login: any, resumed: boolean}} detail */
  async #ready({ login, resumed }) {
    const { store } = this;
    /** @type {Person} */
    const me = { userId: login.userId, id: login.id, name: login.name, avatar: login.avatar ?? "", kind: login.kind };
    store.setMe(me, { appId: login.appId, name: login.appName, target: login.target });
    this.outbox.load(me.id);
    try {
      if (resumed && this.#loaded && !this.#needsReset) await this.#resume();
      else await this.#load();
    } catch (error) {
      // A connection lost meanwhile comes back and does all of this again; so it shall after a fault of the server.
      if (error instanceof Refused) this.socket.giveUp();
      else if (!(error instanceof Disconnected)) throw error;
    }
  }

  async #load() {
    const anew = this.#needsReset;
    const [channels] = await Promise.all([this.#listChannels(), this.#loadPresence(), this.#loadApps()]);
    this.#needsReset = false;
    this.#loaded = true;
    this.store.forgetLogs();
    this.store.setChannels(channels, anew);
    this.outbox.flush();
    this.#tell("entered", { anew });
  }

  /** All of one's channels: of very many a reply has only a part. */
  async #listChannels() {
    /** @type {Map<string, Channel>} */
    const found = new Map();
    for (let skip = 0, more = true; more; ) {
      const { channels, hasMore } = await this.socket.request("channel.list", skip ? { skip } : {});
      for (const channel of channels) found.set(channel.target, channel);
      skip += channels.length;
      more = hasMore && channels.length > 0;
    }
    return [...found.values()];
  }

  async #resume() {
    const reads = [...this.store.channels.values()].map(({ target, readSeq }) => ({ target, readSeq }));
    this.outbox.flush();
    const [channels] = await Promise.all([this.#listChannels(), this.#loadPresence()]);
    this.store.setChannels(channels);
    // What was read while offline.
    for (const { target, readSeq } of reads) {
      const told = channels.find((/** @type {Channel} */ channel) => channel.target === target);
      if (told && told.readSeq < readSeq && told.lastSeq - told.unread < readSeq) this.socket.request("read.mark", { target, seq: readSeq }).catch(() => {});
    }
    await this.#catchUpGlobal();
    for (const target of this.store.logs.keys()) this.watchGap(target);
    this.#tell("resumed", null);
  }

  /** The app's room is outside `sync`: fetches what is newer than the last message seen, and edits of recent ones. */
  async #catchUpGlobal() {
    const { target } = this.store.app;
    const log = this.store.logs.get(target);
    if (!log?.loaded || log.hasNewer) return;
    let joined = false;
    const last = log.gap() ?? log.lastSeq;
    const newest = await this.socket.request("message.history", { target, limit: 100 });
    if (!newest.messages.length || newest.messages[0].seq <= last + 1) joined = true;
    for (let pages = 0, after = last; !joined && pages < GLOBAL_PAGES; pages++) {
      const page = await this.socket.request("message.history", { target, after, limit: 100 });
      log.fill(after, page);
      after = page.messages.at(-1)?.seq ?? after;
      joined = !page.hasMore || newest.messages[0].seq <= after + 1;
    }
    log.setNewest(newest, joined);
    const newestSeq = log.lastSeq;
    if (newestSeq > (this.store.channels.get(target)?.lastSeq ?? 0)) this.store.changeChannel(target, { lastSeq: newestSeq });
    this.store.emit("log", target);
  }

  async #loadApps() {
    const answer = await this.#unlessRefused("app.list");
    if (!answer) return;
    this.store.apps = answer.apps;
    this.store.emit("me");
  }

  /** Who may be seen online has changed. */
  refreshPresence() {
    this.#loadPresence().catch(() => {});
  }

  async #loadPresence() {
    clearTimeout(this.#presenceTimer);
    const answer = await this.#unlessRefused("presence.list");
    if (answer) this.store.setOnline(answer.online, answer.count);
    // In a crowd, enter and exit may be left out: ask now and then.
    if (answer && answer.count < PRESENCE_PUSHED_UP_TO) return;
    this.#presenceTimer = setTimeout(() => this.#loadPresence().catch(() => {}), PRESENCE_REFRESH);
  }

  /** The answer to what one can chat without, or null. @param {string} cmd */
  async #unlessRefused(cmd) {
    try {
      return await this.socket.request(cmd);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  /** @param {Refused} refused */
  #refused(refused) {
    const reason = refused.code === Code.NOT_LOGGED_IN ? "signed-out" : String(refused.code);
    this.store.clear();
    this.store.me = null;
    this.#tell("left", { reason, text: refused.message });
  }

  /** @returns {Record<string, (data: any) => void>} by the kind of push */
  #pushHandlers() {
    const { store } = this;
    return {
      msg: (message) => this.#message(message),
      "message.edited": (data) => store.editMessage(data),
      "message.recalled": (data) => store.recallMessage(data),
      "channel.note": (note) => this.#note(note),
      "read.mark": ({ target, readSeq }) => store.setRead(target, readSeq),
      "read.seen": ({ target, readSeq }) => store.setPeerRead(target, readSeq),
      "person.changed": ({ who, status }) => this.#changed({ ...who, status }),
      restriction: (data) => {
        if (data.kind === "mute" || data.kind === "unmute") store.setMuted(data.target, data.kind === "mute" ? data : undefined);
      },
      enter: (data) => store.setPresence(presentPerson(data), true),
      exit: (data) => store.setPresence(presentPerson(data), false),
    };
  }

  /** @param {Message} message */
  #message(message) {
    const { store } = this;
    if (!message.target) {
      // What another system says to a guest: it stands in no channel.
      this.#tell("notice", message);
      return;
    }
    store.faces.meet({ userId: message.from, id: message.fromId, name: message.name, avatar: message.avatar, kind: "person" });
    if (!store.channels.has(message.target) && store.channelsLoaded) this.#refresh(message.target);
    store.addMessage(message);
    this.watchGap(message.target);
  }

  /** @param {Note} note */
  #note(note) {
    const { store } = this;
    for (const person of [note.by, ...note.who]) store.faces.meet(person);
    const me = store.me?.id;
    const isAboutMe = note.who.some(({ id }) => id === me) || (note.by.id === me && note.note === "left");
    if (isAboutMe && (note.note === "left" || note.note === "removed")) store.removeChannel(note.target);
    else store.addNote(note);
    if (note.note === "renamed" && note.value) store.changeChannel(note.target, { name: note.value });
    if (store.channelsLoaded) this.#refresh(note.target);
  }

  /** @param {Person} person */
  #changed(person) {
    const { store } = this;
    const before = store.person(person.id)?.name;
    store.faces.change(person);
    // A group without a name is called by its members.
    for (const { target, kind, name } of store.channels.values()) {
      if (kind === "public" && before && before !== person.name && name.includes(before)) this.#refresh(target);
    }
  }

  /** Asks for a channel's present state, soon and once however many notes came. @param {string} target */
  #refresh(target) {
    clearTimeout(this.#refreshes.get(target));
    this.#refreshes.set(
      target,
      setTimeout(async () => {
        this.#refreshes.delete(target);
        try {
          this.store.putChannel(await this.socket.request("channel.get", { target }));
          if (this.store.members.has(target)) await this.loadMembers(target);
        } catch (error) {
          // Otherwise the lists that a reconnect loads tell.
          if (error instanceof Refused && error.code === Code.NO_DATA) this.store.removeChannel(target);
        }
      }, 150),
    );
  }

  /**
   * The members, anew as far as they were loaded, or further. One after the other: what is asked later knows more.
   * @param {string} target @param {boolean} [more] @returns {Promise<void>}
   */
  loadMembers(target, more = false) {
    const before = this.#memberLoads.get(target) ?? Promise.resolve();
    const load = before.catch(() => {}).then(() => this.#fetchMembers(target, more));
    this.#memberLoads.set(target, load);
    return load;
  }

  /** @param {string} target @param {boolean} more */
  async #fetchMembers(target, more) {
    const known = this.store.members.get(target)?.members ?? [];
    let members = more ? known : [];
    let hasMore = false;
    do {
      const after = members.at(-1)?.id;
      const page = await this.socket.request("channel.members", { target, ...(after ? { after } : {}), limit: 100 });
      members = [...members, ...page.members];
      hasMore = page.hasMore;
    } while (hasMore && members.length < known.length);
    this.store.setMembers(target, members, hasMore);
  }

  /** A number that is missing is usually on its way. If not, it is fetched. @param {string} target */
  watchGap(target) {
    const log = this.store.logs.get(target);
    const channelLast = () => this.store.channels.get(target)?.lastSeq ?? 0;
    if (!log?.loaded || log.gap(channelLast()) === null || this.#gapTimers.has(target)) return;
    this.#gapTimers.set(
      target,
      setTimeout(async () => {
        try {
          for (let hole; this.socket.ready && (hole = log.gap(channelLast())) !== null; ) {
            const page = await this.socket.request("message.history", { target, after: hole, limit: 100 });
            // The reader may have gone elsewhere meanwhile: what filled a hole there would tear one here.
            if (log.gap(channelLast()) !== hole) continue;
            log.fill(hole, page);
            this.store.emit("log", target);
          }
        } catch {
          // The next message or reconnect looks again.
        } finally {
          this.#gapTimers.delete(target);
        }
      }, GAP_PATIENCE),
    );
  }

  /** @param {string} type @param {any} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The person of an `enter` or `exit`. @param {any} data @returns {Person} */
function presentPerson(data) {
  return { userId: data.from, id: data.fromId, name: data.name ?? data.from, avatar: data.avatar ?? "", kind: data.kind ?? "person" };
}
