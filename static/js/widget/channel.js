/**
 * The state of an embedded channel: its messages, those on their way, unread messages, and who is typing. It knows no DOM.
 *
 * `change`: something that is shown has changed; `message`: one of another user has arrived.
 * @import { Channel, LoginReply, Message } from "../net/wire-types.js"
 * @import { UploadedFile } from "./files.js"
 * @typedef {{clientMsgId: string, text: string, files: UploadedFile[], error: RequestError | null}} PendingMessage
 * @typedef {{change: null, message: Message, unread: number}} WidgetChannelEvents
 */
import { Emitter } from "../net/events.js";
import { RequestError, isRequestFailure } from "../net/protocol.js";
import { newId } from "../net/random-id.js";
import { ChannelLog } from "../net/state/channel-log.js";
import { contentOf } from "../net/state/message-content.js";
import { TypingUsers } from "../net/state/typing.js";
import { customEmoji } from "../state/custom-emoji.js";

/** @type {import("../net/wire-types.js").Thread} */
const NO_ANSWERS = { id: "", count: 0, lastSeq: 0, lastAt: 0, position: 0, follows: false, readSeq: 0, unread: 0 };
const PAGE_SIZE = 50;
const TYPING_INTERVAL_MS = 3000;

/** @extends {Emitter<WidgetChannelEvents>} */
export class WidgetChannel extends Emitter {
  log = new ChannelLog();
  /** @type {Channel | null} */ channel = null;
  /** @type {LoginReply | null} */ me = null;
  /** @type {PendingMessage[]} */ pending = [];
  typing = new TypingUsers();
  hasFailed = false;
  #typedAt = -Infinity;

  /** @param {import("../net/socket.js").Socket} socket @param {string} site its origin @param {boolean} loadsMessages  false: the unread count only */
  constructor(socket, site, loadsMessages) {
    super();
    this.socket = socket;
    this.site = site;
    this.loadsMessages = loadsMessages;
    socket.onPush("msg", (message) => this.#onMessage(message));
    const changing = (/** @type {() => void} */ change) => (change(), this.emit("change"));
    socket.onPush("message.edited", (edit) => changing(() => this.log.edit(edit)));
    socket.onPush("message.recalled", (recall) => changing(() => this.#recall(recall)));
    socket.onPush("message.reacted", (reaction) => changing(() => this.#react(reaction, true)));
    socket.onPush("message.unreacted", (reaction) => changing(() => this.#react(reaction, false)));
    socket.onPush("message.expired", ({ seq }) => changing(() => this.log.expire(seq)));
    socket.onPush("attachment.removed", ({ attachments }) => changing(() => this.log.removeFiles(attachments)));
    socket.onPush("attachment.expired", ({ seq }) => changing(() => this.log.expireFiles(seq)));
    for (const kind of /** @type {const} */ (["read.mark", "read.unmark", "channel.note"])) {
      socket.onPush(kind, () => this.#refreshChannel());
    }
    for (const kind of /** @type {const} */ (["message.previewed", "message.pinned", "message.unpinned", "enter", "exit"])) {
      socket.onPush(kind, () => {});
    }
    socket.onPush("typing", ({ target, threadId, by }) => !threadId && this.typing.add(target, undefined, by));
    this.typing.on("change", () => this.emit("change"));
  }

  get unread() {
    return this.channel?.unread ?? 0;
  }

  /** The messages that are shown, the oldest first. */
  get messages() {
    return this.log.messages.filter(({ threadOnly }) => !threadOnly);
  }

  /** Load everything anew after a log-in; return false if the connection was lost meanwhile. @param {LoginReply} login */
  async load(login) {
    this.me = login;
    try {
      const { target } = login;
      const [channel, page] = await Promise.all([
        this.socket.request("channel.get", { target }),
        this.loadsMessages ? this.socket.request("message.history", { target, limit: PAGE_SIZE }) : null,
        this.loadsMessages ? this.#loadEmoji() : null,
      ]);
      if (page) this.log.setNewest(page);
      this.#setChannel(channel);
      this.hasFailed = false;
    } catch (error) {
      this.#tolerate(error);
      if (!(error instanceof RequestError)) return false;
      this.hasFailed = true;
    }
    this.emit("change");
    for (const message of this.pending) if (!message.error) this.#deliver(message);
    return true;
  }

  /** Load the custom emoji. If that fails, messages show their names. */
  async #loadEmoji() {
    try {
      const { emoji } = await this.socket.request("emoji.list");
      customEmoji.setAll(emoji.map((one) => ({ ...one, url: new URL(one.url, this.site).href })));
    } catch (error) {
      this.#tolerate(error);
    }
  }

  async loadOlder() {
    const before = this.log.firstSeq;
    if (!this.channel || !before) return;
    try {
      this.log.addOlder(await this.socket.request("message.history", { target: this.channel.target, before, limit: PAGE_SIZE }));
      this.emit("change");
    } catch (error) {
      this.#tolerate(error);
    }
  }

  /** Send a text with files. It waits for a connection, and arrives once. @param {string} text @param {UploadedFile[]} [files] */
  send(text, files = []) {
    const message = { clientMsgId: newId(), text, files, error: null };
    this.pending = [...this.pending, message];
    this.emit("change");
    this.#deliver(message);
  }

  /** @param {string} clientMsgId */
  retry(clientMsgId) {
    this.pending = this.pending.map((message) => (message.clientMsgId === clientMsgId ? { ...message, error: null } : message));
    this.emit("change");
    const message = this.pending.find((one) => one.clientMsgId === clientMsgId);
    if (message) this.#deliver(message);
  }

  /** Add or remove the user's reaction. @param {Message} message @param {string} emoji */
  async toggleReaction(message, emoji) {
    const { me } = this;
    const isMine = message.reactions?.some((reaction) => reaction.emoji === emoji && reaction.mine) ?? false;
    if (!me) return;
    try {
      const { target, id } = message;
      const reply = await this.socket.request(isMine ? "message.unreact" : "message.react", { target, id, emoji });
      const { userId, name, avatar = "", kind } = me;
      this.#react({ ...reply, by: { userId, id: me.id, name, avatar, kind } }, !isMine);
      this.emit("change");
    } catch (error) {
      this.#tolerate(error);
    }
  }

  /** Mark everything that is loaded as read. */
  async markRead() {
    const { channel } = this;
    if (!channel?.unread || !this.socket.isReady) return;
    this.#setChannel({ ...channel, unread: 0 });
    this.emit("change");
    try {
      await this.socket.request("read.mark", { target: channel.target, seq: Math.max(channel.lastSeq, this.log.lastSeq) });
    } catch (error) {
      this.#tolerate(error);
    }
  }

  /** Tell the others that the user is typing. */
  notifyTyping() {
    if (!this.channel || performance.now() - this.#typedAt < TYPING_INTERVAL_MS) return;
    this.#typedAt = performance.now();
    this.socket.request("typing", { target: this.channel.target }).catch((error) => this.#tolerate(error));
  }

  /** @param {PendingMessage} message */
  async #deliver({ clientMsgId, text, files }) {
    const { me } = this;
    if (!me || !this.socket.isReady) return;
    const { target } = me;
    try {
      const attachments = files.map(({ reference }) => reference);
      const sent = await this.socket.request("message.send", { target, msg: text, clientMsgId, ...(files.length ? { attachments } : {}) });
      const { userId, id, name, avatar = "" } = me;
      this.log.add({ ...sent, ...contentOf(text, files.map((attachment) => ({ ...attachment, uploadId: attachment.id, attachment }))), from: userId, fromId: id, name, avatar });
      this.pending = this.pending.filter((one) => one.clientMsgId !== clientMsgId);
    } catch (error) {
      // After a lost connection it is sent again, under the same id.
      this.#tolerate(error);
      if (!(error instanceof RequestError)) return;
      this.pending = this.pending.map((one) => (one.clientMsgId === clientMsgId ? { ...one, error } : one));
    }
    this.emit("change");
  }

  /** @param {Message} message */
  #onMessage(message) {
    const isNew = !this.loadsMessages || this.log.add(message);
    if (isNew) this.#countAnswer(message, 1);
    this.typing.remove(message.target, undefined, message.fromId);
    if (!isNew || !this.channel) return;
    const isOwn = message.fromId === this.me?.id;
    const lastSeq = Math.max(this.channel.lastSeq, message.seq);
    const unread = isOwn ? 0 : this.channel.unread + (message.threadOnly ? 0 : 1);
    this.#setChannel({ ...this.channel, lastSeq, unread });
    this.emit("change");
    if (!isOwn) this.emit("message", message);
  }

  /** @param {import("../net/wire-types.js").Pushes["message.recalled"]} recall */
  #recall(recall) {
    const isNew = !this.log.byId(recall.id)?.recalled;
    this.log.recall(recall);
    if (isNew) this.#countAnswer(recall, -1);
  }

  /**
   * Count an answer in its thread. The server tells the count to other users only.
   * @param {{threadId?: string, threadCount?: number, position?: number, seq: number}} answer
   * @param {1 | -1} change
   */
  #countAnswer({ threadId, threadCount, position = 0, seq }, change) {
    const index = this.log.messages.findIndex(({ id }) => id === threadId);
    const root = this.log.messages[index];
    const thread = root?.thread ?? NO_ANSWERS;
    if (!root || position <= thread.position) return;
    const count = threadCount ?? Math.max(0, thread.count + change);
    this.log.messages[index] = { ...root, thread: { ...thread, id: root.id, count, position, lastSeq: Math.max(thread.lastSeq, seq) } };
  }

  /** @param {import("../net/wire-types.js").ReactionPush} reaction @param {boolean} isAdded */
  #react(reaction, isAdded) {
    this.log.changeReaction({ ...reaction, isAdded }, reaction.by.id === this.me?.id);
  }

  async #refreshChannel() {
    if (!this.channel) return;
    try {
      this.#setChannel(await this.socket.request("channel.get", { target: this.channel.target }));
      this.emit("change");
    } catch (error) {
      this.#tolerate(error);
    }
  }

  /** @param {Channel} channel */
  #setChannel(channel) {
    const { unread } = this;
    const isFirst = !this.channel;
    this.channel = channel;
    if (isFirst || unread !== channel.unread) this.emit("unread", channel.unread);
  }

  /** @param {unknown} error */
  #tolerate(error) {
    if (!isRequestFailure(error)) throw error;
  }
}
