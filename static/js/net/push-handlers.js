/**
 * Applies pushed changes of messages, channels and users to the store.
 *
 * `notice`: a message that belongs to no channel; `join-requested`: a user asks to join a group; `join-decided`: the
 * user's own request was approved or declined.
 * @import { Channel, Message, Pushes, SystemNote, User } from "./wire-types.js"
 * @import { GapFiller } from "./gap-filler.js"
 * @import { MemberLoader } from "./member-loader.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 * @import { Threads } from "./state/threads.js"
 * @typedef {{notice: Message, "join-requested": Pushes["join.requested"], "join-decided": Pushes["join.decided"]}} PushHandlerEvents
 */
import { Emitter } from "./events.js";
import { Code, RequestError } from "./protocol.js";

const REFRESH_DELAY_MS = 150;

/** @extends {Emitter<PushHandlerEvents>} */
export class PushHandlers extends Emitter {
  /** @type {Map<string, number>} */ #refreshTimers = new Map();
  /** The last request for a channel's state, until it is answered. @type {Map<string, Promise<Channel>>} */ #refreshes = new Map();

  /** @param {{socket: Socket, store: Store, threads: Threads, gapFiller: GapFiller, memberLoader: MemberLoader}} deps */
  constructor({ socket, store, threads, gapFiller, memberLoader }) {
    super();
    this.socket = socket;
    this.store = store;
    this.gapFiller = gapFiller;
    this.memberLoader = memberLoader;
    socket.onPush("msg", (message) => this.#onMessage(message));
    socket.onPush("message.edited", (edit) => {
      store.editMessage(edit);
      // Only the server knows whether the text mentioned the user before.
      const { readSeq = 0 } = store.channels.get(edit.target) ?? {};
      if (edit.mentions && edit.seq > readSeq) this.#refreshChannel(edit.target);
    });
    socket.onPush("message.recalled", (recall) => {
      store.recallMessage(recall);
      this.#refreshUnread(recall.target);
    });
    socket.onPush("message.previewed", (change) => store.setPreviews(change));
    socket.onPush("message.reacted", (reaction) => store.changeReaction({ ...reaction, isAdded: true }));
    socket.onPush("message.unreacted", (reaction) => store.changeReaction({ ...reaction, isAdded: false }));
    socket.onPush("message.expired", (expiry) => {
      store.expireMessages(expiry);
      this.#refreshUnread(expiry.target);
    });
    socket.onPush("attachment.removed", (removal) => store.removeFiles(removal));
    socket.onPush("attachment.expired", (expiry) => store.expireFiles(expiry));
    socket.onPush("channel.note", (note) => this.#onSystemNote(note));
    socket.onPush("read.mark", ({ target, readSeq }) => {
      store.setRead(target, readSeq);
      this.#refreshUnread(target);
    });
    socket.onPush("channel.starred", ({ target, starred }) => store.changeChannel(target, { starred }));
    socket.onPush("sidebar.changed", (sidebar) => store.setSidebar(sidebar));
    socket.onPush("read.unmark", ({ target, readSeq }) => {
      store.setUnread(target, readSeq);
      this.#refreshChannel(target);
    });
    socket.onPush("thread.mark", (mark) => threads.mark(mark));
    socket.onPush("notifications.changed", ({ target, notifications }) => store.changeChannel(target, { notifications }));
    socket.onPush("read.seen", ({ target, readSeq }) => store.setPeerRead(target, readSeq));
    socket.onPush("person.changed", ({ who, status }) => this.#onUserChanged({ ...who, status }));
    socket.onPush("join.requested", (request) => {
      this.#refreshChannel(request.target);
      this.emit("join-requested", request);
    });
    socket.onPush("join.decided", (decision) => {
      if (decision.who.id === store.me?.id) this.emit("join-decided", decision);
      else this.#refreshChannel(decision.target);
    });
    socket.onPush("restriction", (restriction) => {
      if (restriction.kind === "mute") store.setMuted(restriction.target, restriction);
      else if (restriction.kind === "unmute") store.setMuted(restriction.target, undefined);
    });
  }

  /** @param {Message} message */
  #onMessage(message) {
    const { store } = this;
    if (!message.target) {
      // Another system has sent it to a guest.
      this.emit("notice", message);
      return;
    }
    const { from, fromId, name, avatar, target } = message;
    store.displayNames.observe({ userId: from, id: fromId, name, avatar, kind: "person" });
    if (!store.channels.has(target) && store.isChannelListLoaded) this.#refreshChannel(target);
    store.addMessage(message);
    this.gapFiller.check(target);
  }

  /** @param {SystemNote} note */
  #onSystemNote(note) {
    const { store } = this;
    for (const user of [note.by, ...note.who]) store.displayNames.observe(user);
    const myId = store.me?.id;
    const isAboutMe = note.who.some(({ id }) => id === myId) || (note.by.id === myId && note.note === "left");
    if (isAboutMe && (note.note === "left" || note.note === "removed")) store.removeChannel(note.target);
    else store.addSystemNote(note);
    if (note.note === "renamed" && note.value) store.changeChannel(note.target, { name: note.value });
    if (store.isChannelListLoaded) this.#refreshChannel(note.target);
  }

  /** @param {User} user */
  #onUserChanged(user) {
    const { store } = this;
    const oldName = store.user(user.id)?.name;
    store.displayNames.update(user);
    if (!oldName || oldName === user.name) return;
    // A group without a name of its own is named after its members.
    for (const { target, kind, name } of store.channels.values()) {
      if (kind === "public" && name.includes(oldName)) this.#refreshChannel(target);
    }
  }

  /** @param {string} target */
  #refreshUnread(target) {
    // An answer that is under way may have been made before.
    const mayBecomeOld = this.#refreshes.has(target);
    if (mayBecomeOld || this.store.unreadCounter.isEstimated(target)) this.#refreshChannel(target);
  }

  /** Load a channel's present state soon, once for several changes. @param {string} target */
  #refreshChannel(target) {
    clearTimeout(this.#refreshTimers.get(target));
    const refresh = async () => {
      this.#refreshTimers.delete(target);
      const request = this.socket.request("channel.get", { target });
      this.#refreshes.set(target, request);
      const isLast = () => this.#refreshes.get(target) === request;
      try {
        const channel = await request;
        if (!isLast()) return;
        this.#refreshes.delete(target);
        this.store.putChannel(channel);
        if (this.store.members.has(target)) await this.memberLoader.load(target);
      } catch (error) {
        if (isLast()) this.#refreshes.delete(target);
        // After any other error, the channel list of the next reconnect brings the state.
        if (error instanceof RequestError && error.code === Code.NO_DATA) this.store.removeChannel(target);
      }
    };
    this.#refreshTimers.set(target, setTimeout(refresh, REFRESH_DELAY_MS));
  }
}
