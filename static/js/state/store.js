/**
 * What the page knows: who I am, my channels, what is loaded of them, who is online. No DOM, no socket; changes leave as
 * events.
 *
 * Events: `me`, `channels`, `current`, `presence`, `connection`, `log` (detail target), `members` (detail target),
 * `message` (detail Message: new and live), `edited`, `recalled` (details as they came), `gone` (detail Channel: I am no
 * longer in it), `circle`, `renamed` (detail {now, as}: somebody is called or looks otherwise, see Faces).
 *
 * @import { Channel, Member, Message, Note, Person } from "../net/protocol.js"
 * @import { LoggedMessage } from "./channel-log.js"
 */
import { ChannelLog } from "./channel-log.js";
import { Circle } from "./contacts.js";
import { Faces } from "./display-names.js";

/** Channels of which messages stay loaded. */
const LOGS_KEPT = 25;

export class Store extends EventTarget {
  /** @type {Person | null} */ me = null;
  /** @type {{appId: number, name: string, target: string}} */ app = { appId: 0, name: "", target: "" };
  /** @type {{appId: number, name: string, target: string}[]} */ apps = [];
  /** @type {Map<string, Channel>} */ channels = new Map();
  channelsLoaded = false;
  /** @type {Map<string, ChannelLog>} */ logs = new Map();
  /** By id. @type {Map<string, Person>} */ online = new Map();
  onlineCount = 0;
  circle = new Circle();
  faces = new Faces(this);
  /** Members by channel, as far as loaded. @type {Map<string, {members: Member[], hasMore: boolean}>} */ members = new Map();
  /** Quoted messages that no window holds; null: not available. @type {Map<string, Message | null>} */ quotes = new Map();
  /** The open channel. @type {string | null} */ current = null;
  /** The number after which the line "new" stands in the open channel. @type {number | null} */ newAfter = null;
  connection = { status: "idle", retryAt: 0, reason: "" };

  /** @returns {Channel | null} */
  get channel() {
    return (this.current && this.channels.get(this.current)) || null;
  }

  /** @returns {ChannelLog | null} */
  get log() {
    return (this.current && this.logs.get(this.current)) || null;
  }

  /** Forgets everything about the person and the app, before another log-in. */
  clear() {
    this.channels.clear();
    this.channelsLoaded = false;
    this.forgetLogs();
    this.online.clear();
    this.onlineCount = 0;
    this.circle.clear();
    this.faces.clear();
    this.current = null;
    this.newAfter = null;
    for (const type of ["channels", "presence", "current", "circle"]) this.emit(type);
  }

  /** What was loaded of channels holds no longer. */
  forgetLogs() {
    this.logs.clear();
    this.members.clear();
    this.quotes.clear();
  }

  /** @param {Person} me @param {{appId: number, name: string, target: string}} app */
  setMe(me, app) {
    this.me = me;
    this.app = app;
    this.emit("me");
  }

  /** @param {{status: string, retryAt: number, reason: string}} connection */
  setConnection(connection) {
    this.connection = connection;
    this.emit("connection");
  }

  /**
   * The whole list, anew. What arrived live meanwhile is newer and stays, unless nothing known holds any more.
   * @param {Channel[]} channels @param {boolean} [anew]
   */
  setChannels(channels, anew = false) {
    const known = anew ? new Map() : this.channels;
    this.channels = new Map();
    for (const channel of channels) this.channels.set(channel.target, merged(known.get(channel.target), channel));
    this.channelsLoaded = true;
    this.emit("channels");
    for (const channel of known.values()) if (!this.channels.has(channel.target)) this.#gone(channel);
  }

  /** @param {Channel} channel */
  putChannel(channel) {
    this.channels.set(channel.target, merged(this.channels.get(channel.target), channel));
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
    this.#gone(channel);
  }

  /** @param {string | null} target */
  setCurrent(target) {
    this.current = target;
    const channel = this.channel;
    this.newAfter = channel && channel.unread > 0 ? channel.readSeq : null;
    this.emit("current");
  }

  /** The window of a channel, made empty at first. Those opened longest ago are forgotten. @param {string} target */
  logOf(target) {
    const log = this.logs.get(target) ?? new ChannelLog();
    // The last one opened stands last.
    this.logs.delete(target);
    this.logs.set(target, log);
    for (const other of this.logs.keys()) if (this.logs.size > LOGS_KEPT && other !== this.current) this.logs.delete(other);
    return log;
  }

  /** A message that was sent or came live, or by `sync`. @param {LoggedMessage} message */
  addMessage(message) {
    const channel = this.channels.get(message.target);
    const mine = message.fromId === this.me?.id;
    if (channel && message.seq > channel.lastSeq) {
      channel.lastSeq = message.seq;
      channel.activeAt = Math.max(channel.activeAt, message.time);
      if (mine) channel.readSeq = message.seq;
      channel.unread = channel.lastSeq - channel.readSeq;
      if (mine && message.target === this.current) this.newAfter = null;
      this.emit("channels");
      if (!mine) this.emit("message", message);
    }
    const log = this.logs.get(message.target);
    if (!log) return;
    log.add(message);
    this.emit("log", message.target);
  }

  /** @param {Note} note */
  addNote(note) {
    this.logs.get(note.target)?.addNote(note);
    this.emit("log", note.target);
  }

  /** @param {{target: string, id: string, msg: string, editedAt: number}} edit */
  editMessage(edit) {
    this.logs.get(edit.target)?.edit(edit);
    const quote = this.quotes.get(edit.id);
    if (quote) quote.msg = edit.msg;
    this.emit("log", edit.target);
    this.emit("edited", edit);
  }

  /** @param {{target: string, id: string}} recall */
  recallMessage(recall) {
    this.logs.get(recall.target)?.recall(recall);
    const quote = this.quotes.get(recall.id);
    if (quote) Object.assign(quote, { msg: "", recalled: true });
    this.emit("log", recall.target);
    this.emit("recalled", recall);
  }

  /** Reading only ever moves forward. @param {string} target @param {number} seq @returns {boolean} whether it moved */
  setRead(target, seq) {
    const channel = this.channels.get(target);
    if (!channel || seq <= channel.readSeq) return false;
    channel.readSeq = Math.min(seq, channel.lastSeq);
    channel.unread = channel.lastSeq - channel.readSeq;
    this.emit("channels");
    return true;
  }

  /** @param {Person[]} people @param {number} count */
  setOnline(people, count) {
    this.online = new Map(people.map((person) => [person.id, person]));
    this.onlineCount = Math.max(count, this.online.size);
    this.emit("presence");
  }

  /** @param {Person} person @param {boolean} isOnline */
  setPresence(person, isOnline) {
    if (this.online.has(person.id) === isOnline) return;
    if (isOnline) this.online.set(person.id, person);
    else this.online.delete(person.id);
    this.onlineCount = Math.max(this.online.size, this.onlineCount + (isOnline ? 1 : -1));
    this.emit("presence");
  }

  /** @param {{friends: any[], asking: Person[], asked: Person[], blocked: Person[]}} told */
  setCircle(told) {
    this.circle.set(told);
    this.emit("circle");
  }

  /** It could not be loaded; what is known of it stays. */
  failCircle() {
    this.circle.failed = true;
    this.emit("circle");
  }

  /** On this app, or a friend on any. @param {string} id */
  isOnline(id) {
    return this.online.has(id) || Boolean(this.circle.friends.get(id)?.online);
  }

  /** Somebody by their id, as far as the page has met them. @param {string} id @returns {Person | undefined} */
  person(id) {
    const member = this.members.get(this.current ?? "")?.members.find((one) => one.id === id);
    const known = this.circle.person(id) ?? this.online.get(id) ?? member;
    return known ?? [...this.channels.values()].find(({ peer }) => peer?.id === id)?.peer;
  }

  /** The other of a private channel has read up to there, and lets me see it. @param {string} target @param {number} seq */
  setPeerRead(target, seq) {
    const channel = this.channels.get(target);
    if (channel && seq > (channel.peerReadSeq ?? 0)) this.changeChannel(target, { peerReadSeq: seq });
  }

  /**
   * Whether I am muted, in a channel or (without one) everywhere. @param {string | undefined} target
   * @param {import("../net/protocol.js").Muted | undefined} muted
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

  /** @param {Channel} channel */
  #gone(channel) {
    this.logs.delete(channel.target);
    this.members.delete(channel.target);
    this.emit("gone", channel);
  }

  /** @param {string} type @param {any} [detail] */
  emit(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * The server's word about a channel, joined with what came live since it was said. The read position is taken so that
 * `unread` is always `lastSeq - readSeq`.
 * @param {Channel | undefined} known @param {Channel} told
 * @returns {Channel}
 */
function merged(known, told) {
  const lastSeq = Math.max(told.lastSeq, known?.lastSeq ?? 0);
  const readSeq = Math.max(told.readSeq, told.lastSeq - told.unread, known?.readSeq ?? 0);
  const activeAt = Math.max(told.activeAt, known?.activeAt ?? 0);
  // Who no longer lets others see it is told as 0.
  const peerReadSeq = told.peerReadSeq && Math.max(told.peerReadSeq, known?.peerReadSeq ?? 0);
  return { ...told, peerReadSeq, lastSeq, readSeq, activeAt, unread: Math.max(0, lastSeq - readSeq) };
}
