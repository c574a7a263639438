/**
 * The state of the chat: the user, the channels and their loaded messages, and who is online. No DOM, no socket; changes
 * are announced by events.
 *
 * Payloads: a target for `log` and `members`; `message`: a new message of another user; `added`: any message; `user-renamed`: see DisplayNames;
 * `channel-left`: the channel that the user is no longer in.
 * @import { App, Channel, ContactLists, LinkPreview, Member, Message, Mute, Pushes, ReactionChange, SidebarArrangement, SystemNote, User } from "../wire-types.js"
 * @import { ConnectionState } from "../socket.js"
 * @import { LoggedMessage } from "./channel-log.js"
 * @import { Profile } from "./display-names.js"
 * @typedef {Pushes["message.recalled"]} Recall
 * @typedef {{target: string, id: string, previews: LinkPreview[]}} PreviewChange
 * @typedef {{me: null, channels: null, current: null, presence: null, connection: null, contacts: null, log: string,
 *   members: string, message: Message, added: LoggedMessage, edited: Pushes["message.edited"], recalled: Recall, reacted: ReactionChange, previewed: PreviewChange,
 *   expired: Pushes["message.expired"], "files-removed": Pushes["attachment.removed"], "files-expired": Pushes["attachment.expired"],
 *   "channel-left": Channel, "user-renamed": {profile: Profile, userName: string | null}}} StoreEvents
 */
import { Emitter } from "../events.js";
import { ChannelLog } from "./channel-log.js";
import { Contacts } from "./contacts.js";
import { DisplayNames } from "./display-names.js";
import { mentionsUser } from "./message-mentions.js";
import { UnreadCounter } from "./unread.js";

const MAX_LOGS = 25;
/** @type {SidebarArrangement} */
const DEFAULT_SIDEBAR = { revision: 0, sort: "latest", sections: [] };

/** @extends {Emitter<StoreEvents>} */
export class Store extends Emitter {
  /** @type {User | null} */ me = null;
  /** @type {App} */ app = { appId: 0, name: "", target: "" };
  /** @type {App[]} */ apps = [];
  /** @type {Map<string, Channel>} */ channels = new Map();
  isChannelListLoaded = false;
  /** The order and own sections of the list of channels. @type {SidebarArrangement} */ sidebar = DEFAULT_SIDEBAR;
  /** The channels with loaded messages; the last opened one is the last. @type {Map<string, ChannelLog>} */ logs = new Map();
  /** Online users of the app by id, as far as loaded. @type {Map<string, User>} */ online = new Map();
  onlineCount = 0;
  /** Users who were last seen away, by id. @type {Set<string>} */ #away = new Set();
  contacts = new Contacts();
  displayNames = new DisplayNames(this);
  unreadCounter = new UnreadCounter();
  /** Members by group, as far as loaded. @type {Map<string, {members: Member[], hasMore: boolean}>} */ members = new Map();
  /** Quoted messages by id that no log holds; null: unavailable. @type {Map<string, Message | null>} */ quotedMessages = new Map();
  /** The open channel's target. @type {string | null} */ currentTarget = null;
  /** The number of the open channel's last message above the "New" divider; null: no divider. @type {number | null} */ dividerSeq = null;
  /** Read positions that the server may not know yet, by target. @type {Map<string, number>} */ unsentReads = new Map();
  /** The channel whose messages the user has marked as unread: they stay so while it is open. @type {string | null} */ heldTarget = null;
  /** @type {ConnectionState} */ connection = { status: "idle", retryAt: 0, reason: "", isPolling: false };

  /** The open channel. @returns {Channel | null} */
  get channel() {
    return (this.currentTarget && this.channels.get(this.currentTarget)) || null;
  }

  /** The open channel's messages. @returns {ChannelLog | null} */
  get log() {
    return (this.currentTarget && this.logs.get(this.currentTarget)) || null;
  }

  /** Remove everything about the user and the app, before another login. */
  clear() {
    this.channels.clear();
    this.sidebar = DEFAULT_SIDEBAR;
    this.isChannelListLoaded = false;
    this.clearLogs();
    this.online.clear();
    this.#away.clear();
    this.onlineCount = 0;
    this.contacts.clear();
    this.displayNames.clear();
    this.unreadCounter.clear();
    this.unsentReads.clear();
    this.currentTarget = null;
    this.dividerSeq = null;
    this.emit("channels");
    this.emit("presence");
    this.emit("current");
    this.emit("contacts");
  }

  /** Remove the loaded contents of all channels. */
  clearLogs() {
    this.logs.clear();
    this.members.clear();
    this.quotedMessages.clear();
  }

  /** @param {User} me @param {App} app */
  setMe(me, app) {
    this.me = me;
    this.app = app;
    this.emit("me");
  }

  /** @param {App[]} apps */
  setApps(apps) {
    this.apps = apps;
    this.emit("me");
  }

  /** @param {ConnectionState} connection */
  setConnection(connection) {
    this.connection = connection;
    this.emit("connection");
  }

  /**
   * Replace the list of channels. Pushes that are newer than the list keep their effect, unless `discardKnown` is set.
   * @param {Channel[]} channels
   * @param {boolean} [discardKnown]
   */
  setChannels(channels, discardKnown = false) {
    const known = discardKnown ? new Map() : this.channels;
    this.channels = new Map();
    for (const channel of channels) this.#setChannel(channel, known.get(channel.target));
    this.isChannelListLoaded = true;
    this.emit("channels");
    for (const channel of known.values()) if (!this.channels.has(channel.target)) this.#onChannelLeft(channel);
  }

  /** Take the user's arrangement of the channels, unless a newer one is known. @param {SidebarArrangement} sidebar */
  setSidebar(sidebar) {
    if (sidebar.revision <= this.sidebar.revision) return;
    this.sidebar = sidebar;
    this.emit("channels");
  }

  /** Add a channel, or replace its state. @param {Channel} channel */
  putChannel(channel) {
    this.#setChannel(channel, this.channels.get(channel.target));
    this.emit("channels");
  }

  /** @param {string} target @param {Partial<Channel>} change */
  changeChannel(target, change) {
    const channel = this.channels.get(target);
    if (!channel) return;
    Object.assign(channel, change);
    this.emit("channels");
  }

  /** @param {string} target */
  removeChannel(target) {
    const channel = this.channels.get(target);
    if (!channel) return;
    this.channels.delete(target);
    this.emit("channels");
    this.#onChannelLeft(channel);
  }

  /** Open a channel. @param {string | null} target */
  setCurrent(target) {
    this.currentTarget = target;
    const { channel } = this;
    this.dividerSeq = channel && channel.unread > 0 ? channel.readSeq : null;
    this.heldTarget = null;
    this.emit("current");
  }

  /** Return the log of a channel, created if there is none. Those opened longest ago are dropped. @param {string} target */
  openLog(target) {
    const log = this.logs.get(target) ?? new ChannelLog();
    // The last opened one comes last.
    this.logs.delete(target);
    this.logs.set(target, log);
    for (const other of this.logs.keys()) {
      if (this.logs.size > MAX_LOGS && other !== this.currentTarget) this.logs.delete(other);
    }
    return log;
  }

  /** Add a message that was sent from here, pushed, or missed. @param {LoggedMessage} message */
  addMessage(message) {
    const channel = this.channels.get(message.target);
    const isOwn = message.fromId === this.me?.id;
    if (channel && message.seq > channel.lastSeq) {
      this.unreadCounter.add(channel, message, isOwn, mentionsUser(message, this.me?.id));
      channel.activeAt = Math.max(channel.activeAt, message.time);
      if (isOwn && message.target === this.currentTarget) this.dividerSeq = this.heldTarget = null;
      this.emit("channels");
      if (!isOwn) this.emit("message", message);
    }
    const log = this.logs.get(message.target);
    log?.add(message);
    this.emit("added", message);
    if (log) this.emit("log", message.target);
  }

  /** @param {SystemNote} note */
  addSystemNote(note) {
    this.logs.get(note.target)?.addNote(note);
    this.emit("log", note.target);
  }

  /** @param {Pushes["message.edited"]} edit */
  editMessage(edit) {
    this.logs.get(edit.target)?.edit(edit);
    const quoted = this.quotedMessages.get(edit.id);
    if (quoted) Object.assign(quoted, { msg: edit.msg, content: edit.content });
    this.emit("log", edit.target);
    this.emit("edited", edit);
  }

  /** @param {Recall} recall */
  recallMessage(recall) {
    const channel = this.channels.get(recall.target);
    if (channel) this.unreadCounter.recall(channel, recall.seq);
    this.emit("channels");
    this.logs.get(recall.target)?.recall(recall);
    const quoted = this.quotedMessages.get(recall.id);
    if (quoted) Object.assign(quoted, { msg: "", attachments: undefined, recalled: true });
    this.emit("log", recall.target);
    this.emit("recalled", recall);
  }

  /** @param {ReactionChange} change */
  changeReaction(change) {
    this.logs.get(change.target)?.changeReaction(change, change.by.id === this.me?.id);
    this.emit("log", change.target);
    this.emit("reacted", change);
  }

  /** Set the previews of a message's links. @param {PreviewChange} change */
  setPreviews(change) {
    this.logs.get(change.target)?.setPreviews(change);
    this.emit("log", change.target);
    this.emit("previewed", change);
  }

  /** The messages up to this number are gone. @param {Pushes["message.expired"]} expiry */
  expireMessages({ target, seq }) {
    this.logs.get(target)?.expire(seq);
    for (const [id, message] of this.quotedMessages) {
      if (message?.target === target && message.seq <= seq) this.quotedMessages.set(id, null);
    }
    this.setRead(target, seq);
    this.emit("log", target);
    this.emit("expired", { target, seq });
  }

  /** Files of a message have been removed. @param {Pushes["attachment.removed"]} removal */
  removeFiles(removal) {
    this.logs.get(removal.target)?.removeFiles(removal.attachments);
    this.emit("log", removal.target);
    this.emit("files-removed", removal);
  }

  /** The files of the messages up to a number are gone. @param {Pushes["attachment.expired"]} expiry */
  expireFiles(expiry) {
    this.logs.get(expiry.target)?.expireFiles(expiry.seq);
    this.emit("log", expiry.target);
    this.emit("files-expired", expiry);
  }

  /** Move the read position forward. @param {string} target @param {number} seq @returns {boolean} whether it has moved */
  setRead(target, seq) {
    const channel = this.channels.get(target);
    if (!channel || seq <= channel.readSeq) return false;
    this.unreadCounter.read(channel, seq, this.logs.get(target), this.me?.id);
    if (channel.unread === 0 && target === this.heldTarget) this.heldTarget = null;
    this.emit("channels");
    return true;
  }

  /** The user has marked the messages after a number as unread. @param {string} target @param {number} readSeq */
  setUnread(target, readSeq) {
    const channel = this.channels.get(target);
    if (!channel || readSeq >= channel.lastSeq) return;
    this.unreadCounter.unread(channel, readSeq, this.logs.get(target), this.me?.id);
    this.unsentReads.delete(target);
    if (target === this.currentTarget) {
      this.heldTarget = target;
      this.dividerSeq = readSeq;
      this.emit("log", target);
    }
    this.emit("channels");
  }

  /** Move the read position of a private channel's other user forward. @param {string} target @param {number} seq */
  setPeerRead(target, seq) {
    const channel = this.channels.get(target);
    if (channel && seq > (channel.peerReadSeq ?? 0)) this.changeChannel(target, { peerReadSeq: seq });
  }

  /** @param {User[]} users @param {number} count may be larger, as only the first users are loaded */
  setOnline(users, count) {
    this.online = new Map(users.map((user) => [user.id, user]));
    this.#observeAway(users);
    this.onlineCount = Math.max(count, this.online.size);
    this.emit("presence");
  }

  /** @param {User} user @param {boolean} isOnline */
  setPresence(user, isOnline) {
    if (this.online.has(user.id) === isOnline) return;
    if (isOnline) this.online.set(user.id, user);
    else this.online.delete(user.id);
    this.#away.delete(user.id);
    this.onlineCount = Math.max(this.online.size, this.onlineCount + (isOnline ? 1 : -1));
    this.emit("presence");
  }

  /** @param {string} id @param {boolean} away */
  setAway(id, away) {
    if (this.#away.has(id) === away) return;
    if (away) this.#away.add(id);
    else this.#away.delete(id);
    this.emit("presence");
  }

  /** Note which of these users, as listed by the server, are away. @param {Iterable<User & {away?: boolean}>} users */
  #observeAway(users) {
    for (const { id, away } of users) {
      if (away) this.#away.add(id);
      else this.#away.delete(id);
    }
  }

  /** @param {ContactLists} lists */
  setContacts(lists) {
    this.contacts.set(lists);
    this.#observeAway(lists.friends);
    this.emit("contacts");
  }

  /** The contacts could not be loaded; the known ones stay. */
  setContactsFailed() {
    this.contacts.isFailed = true;
    this.emit("contacts");
  }

  /** Return true for a user online on this app, and for a friend online on any app. @param {string} id */
  isOnline(id) {
    return this.online.has(id) || Boolean(this.contacts.friends.get(id)?.online);
  }

  /** A user who is away is online, but makes no input or says so. @param {string} id @returns {"online" | "away" | "offline"} */
  presence(id) {
    if (!this.isOnline(id)) return "offline";
    return this.#away.has(id) ? "away" : "online";
  }

  /** Return a user by id, as far as known to the page. @param {string} id @returns {User | undefined} */
  user(id) {
    const member = this.members.get(this.currentTarget ?? "")?.members.find((candidate) => candidate.id === id);
    const known = this.contacts.user(id) ?? this.online.get(id) ?? member;
    return known ?? [...this.channels.values()].find(({ peer }) => peer?.id === id)?.peer;
  }

  /**
   * Set or remove the user's mute, in a channel or (without one) everywhere.
   * @param {string | undefined} target
   * @param {Mute | undefined} muted
   */
  setMuted(target, muted) {
    for (const channel of this.channels.values()) if (!target || channel.target === target) channel.muted = muted;
    this.emit("channels");
  }

  /** @param {string} target @param {Member[]} members @param {boolean} hasMore */
  setMembers(target, members, hasMore) {
    this.members.set(target, { members, hasMore });
    this.emit("members", target);
  }

  /** @param {Channel} received @param {Channel | undefined} known */
  #setChannel(received, known) {
    this.channels.set(received.target, this.unreadCounter.merge(known, received));
  }

  /** @param {Channel} channel */
  #onChannelLeft(channel) {
    this.logs.delete(channel.target);
    this.members.delete(channel.target);
    this.emit("channel-left", channel);
  }
}
