/**
 * The loaded messages of one channel: a window of them in the order of their sequence numbers, with the system notes
 * among them. Pure state. Every message, page and change may come twice and in any order.
 *
 * @import { HistoryPage, LinkPreview, Mention, Message, Reaction, ReactionChange, SystemNote, User } from "../wire-types.js"
 * @typedef {Message & {clientMsgId?: string}} LoggedMessage  `clientMsgId`: of a message sent from this page
 * @typedef {Pick<Message, "msg" | "content" | "mentions"> & {editedAt?: number, recalled?: boolean}} MessageChange
 */
import { isEditable } from "./message-content.js";
import { changeReaction, mergeReactions } from "./reactions.js";
import { RemovedFiles } from "./removed-files.js";
import { laterThread } from "./threads.js";

/** Loaded messages of a channel; beyond this number, those farthest from the reader are dropped. */
export const MAX_MESSAGES = 300;
/** Messages in excess of MAX_MESSAGES before some are dropped, so that not every new message drops one. */
const EXCESS = 50;
const MAX_EARLY_CHANGES = 200;

export class ChannelLog {
  /** In ascending order of `seq`. @type {LoggedMessage[]} */
  messages = [];
  /** In ascending order of `position`. @type {SystemNote[]} */
  notes = [];
  isLoaded = false;
  hasOlder = false;
  /** True if the channel has newer messages than the window; new messages are then not added. */
  hasNewer = false;
  /** True if the user has scrolled up. New messages then do not displace the messages in view. */
  isReadAbove = false;
  /** Changes of messages that are not loaded, by id: an older page may still bring them. @type {Map<string, MessageChange>} */
  #earlyChanges = new Map();
  /** Reactions to messages that are not loaded, as above. @type {Map<string, {change: ReactionChange, isMine: boolean}[]>} */
  #earlyReactions = new Map();
  /** Reactions of messages before their page was loaded anew, by id. @type {Map<string, Reaction[]>} */
  #knownReactions = new Map();
  /** Previews in messages that are not loaded, as above. @type {Map<string, LinkPreview[]>} */
  #earlyPreviews = new Map();
  #removedFiles = new RemovedFiles();
  /** Sequence numbers after which, according to the server, no message is missing. @type {Set<number>} */
  #emptyAfter = new Set();

  get firstSeq() {
    return this.messages[0]?.seq ?? 0;
  }

  get lastSeq() {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** @param {string} id @returns {LoggedMessage | undefined} */
  byId(id) {
    return this.messages.findLast((message) => message.id === id);
  }

  /** Return the number of the last message before the next one that the channel shows: answers in threads have numbers too. @param {number} seq of a shown message */
  seqBeforeShown(seq) {
    return this.messages.reduce((last, { seq: next, threadOnly }) => (threadOnly && next === last + 1 ? next : last), seq);
  }

  /** Return the last message of a user in the channel itself that can be edited. @param {string | undefined} userId */
  lastEditable(userId) {
    return this.messages.findLast((message) => message.fromId === userId && !message.recalled && !message.threadOnly && isEditable(message));
  }

  /**
   * Add a message that was sent or received just now. Returns whether it is new. A push may arrive after the page that
   * was loaded behind it: a message before the window comes with the next older page.
   * @param {LoggedMessage} message
   */
  add(message) {
    if (this.hasNewer || (this.hasOlder && message.seq < this.firstSeq)) return false;
    const isNew = this.#insert(message);
    if (this.messages.length > MAX_MESSAGES + EXCESS) this.#trim();
    return isNew;
  }

  /** Add a system note. Returns whether it is new. @param {SystemNote} note */
  addNote(note) {
    if (this.hasNewer && note.seq >= this.lastSeq) return false;
    return this.#insertNote(note);
  }

  /**
   * Replace the messages by the newest page, or add the page to them if it connects to them without a gap. Messages that
   * were pushed while a channel's first page was on its way stay.
   * @param {HistoryPage} page
   * @param {boolean} [isConnected]
   */
  setNewest(page, isConnected = false) {
    const isNewWindow = !isConnected || this.messages.length === 0;
    if (!isConnected) this.#clear(page);
    this.#merge(page);
    this.isLoaded = true;
    this.hasNewer = false;
    if (isNewWindow) this.hasOlder = page.hasMore;
    if (this.messages.length > MAX_MESSAGES + EXCESS) this.#trim();
  }

  /** Replace the messages by a page from the middle of the channel. @param {HistoryPage} page */
  setMiddle(page) {
    this.#clear(page.hasMore ? null : page);
    this.#merge(page);
    this.isLoaded = true;
    this.hasOlder = this.firstSeq > 1;
    this.hasNewer = page.hasMore;
  }

  /** @param {HistoryPage} page */
  addOlder(page) {
    this.#merge(page);
    this.hasOlder = page.hasMore;
    if (this.messages.length > MAX_MESSAGES) this.#trimNewer();
  }

  /** @param {HistoryPage} page @param {number} channelLastSeq of the channel, as far as known */
  addNewer(page, channelLastSeq) {
    const pageEnd = page.messages.at(-1)?.seq ?? this.lastSeq;
    if (page.hasMore) this.messages = this.messages.filter((message) => message.seq <= pageEnd);
    this.#merge(page);
    // A message may have come after the server had made the page.
    this.hasNewer = page.hasMore || (page.messages.length > 0 && channelLastSeq > this.lastSeq);
    if (this.messages.length > MAX_MESSAGES) this.#trimOlder();
  }

  /**
   * Change the name and avatar of a user. Returns whether anything here has changed.
   * @param {{id: string, userId: string, name: string, avatar: string}} profile
   * @param {string | null} userName  changes only messages sent under this user name; null: all of the user's
   */
  rename({ id, userId, name, avatar }, userName) {
    const isTheirs = (/** @type {Message} */ message) =>
      message.fromId === id && (userName === null || message.from === userName);
    const isOutdated = (/** @type {Message} */ message) =>
      message.from !== userId || message.name !== name || message.avatar !== avatar;
    const hasOutdatedReaction = (/** @type {Message} */ { reactions = [] }) =>
      reactions.some(({ users }) => users.some((user) => user.id === id && user.name !== name));
    const isNoteOutdated = (/** @type {SystemNote} */ { by, who }) =>
      [by, ...who].some((user) => user.id === id && user.name !== name);
    const isChanged =
      this.messages.some((message) => (isTheirs(message) && isOutdated(message)) || hasOutdatedReaction(message)) || this.notes.some(isNoteOutdated);
    if (!isChanged) return false;
    const renamed = (/** @type {User} */ user) => (user.id === id ? { ...user, userId, name, avatar } : user);
    this.messages = this.messages.map((message) => {
      const sender = isTheirs(message) ? { from: userId, name, avatar } : {};
      const reactions = message.reactions?.map((reaction) => ({ ...reaction, users: reaction.users.map(renamed) }));
      return { ...message, ...sender, ...(reactions ? { reactions } : {}) };
    });
    this.notes = this.notes.map((note) => ({ ...note, by: renamed(note.by), who: note.who.map(renamed) }));
    return true;
  }

  /** @param {{id: string, msg: string, content?: string, mentions?: Mention[], editedAt: number}} edit @returns {boolean} whether the message is loaded */
  edit({ id, msg, content, mentions, editedAt }) {
    return this.#change(id, { msg, mentions, editedAt, ...(content === undefined ? {} : { content }) });
  }

  /** @param {{id: string}} recall @returns {boolean} whether the message is loaded */
  recall({ id }) {
    return this.#change(id, { msg: "", recalled: true });
  }

  /** @param {ReactionChange} change @param {boolean} isMine */
  changeReaction(change, isMine) {
    const index = this.messages.findLastIndex(({ id }) => id === change.id);
    if (index >= 0) {
      const message = this.messages[index];
      this.messages[index] = { ...message, reactions: changeReaction(message.reactions ?? [], change, isMine) };
      return;
    }
    const early = [...(this.#earlyReactions.get(change.id) ?? []), { change, isMine }];
    keepEarly(this.#earlyReactions, change.id, early.slice(-MAX_EARLY_CHANGES));
  }

  /** @param {{id: string, previews: LinkPreview[]}} change */
  setPreviews({ id, previews }) {
    const index = this.messages.findLastIndex((message) => message.id === id);
    if (index >= 0) this.messages[index] = { ...this.messages[index], previews };
    else keepEarly(this.#earlyPreviews, id, previews);
  }

  /** @param {string[]} ids of files that were removed from their messages */
  removeFiles(ids) {
    this.#removedFiles.remove(ids);
    this.messages = this.messages.map((message) => this.#removedFiles.applyTo(message));
  }

  /** Remove the files of the messages up to a number, which are gone. @param {number} seq */
  expireFiles(seq) {
    this.#removedFiles.expire(seq);
    this.messages = this.messages.map((message) => this.#removedFiles.applyTo(message));
  }

  /** Remove the messages up to a number, which are gone. A window in which none is left must be loaded again. @param {number} seq */
  expire(seq) {
    if (this.firstSeq > seq + 1) return;
    this.messages = this.messages.filter((message) => message.seq > seq);
    if (this.messages.length === 0 && this.hasNewer) this.isLoaded = false;
    this.hasOlder = false;
  }

  /**
   * Return the sequence number before the first gap, or null.
   * @param {number} channelLastSeq of the channel, as far as known; messages missing at the end are a gap as well
   */
  gap(channelLastSeq = 0) {
    let previous = this.messages.length ? this.firstSeq : 0;
    for (const { seq } of this.messages) {
      if (seq > previous + 1 && !this.#emptyAfter.has(previous)) return previous;
      previous = seq;
    }
    return !this.hasNewer && channelLastSeq > previous && !this.#emptyAfter.has(previous) ? previous : null;
  }

  /**
   * Fill the gap after a sequence number. Messages that the page lacks do not exist for this user.
   * @param {number} after
   * @param {HistoryPage} page
   */
  fill(after, page) {
    this.#merge(page);
    for (const seq of [after, ...page.messages.slice(0, -1).map((message) => message.seq)]) {
      if (!this.messages.some((message) => message.seq === seq + 1)) this.#emptyAfter.add(seq);
    }
    if (this.messages.length > MAX_MESSAGES + EXCESS) this.#trim();
  }

  #trim() {
    if (this.isReadAbove) this.#trimNewer();
    else this.#trimOlder();
  }

  #trimOlder() {
    this.messages = this.messages.slice(-MAX_MESSAGES);
    this.notes = this.notes.filter((note) => note.seq >= this.firstSeq);
    this.hasOlder = true;
  }

  #trimNewer() {
    this.messages = this.messages.slice(0, MAX_MESSAGES);
    this.notes = this.notes.filter((note) => note.seq < this.lastSeq);
    this.hasNewer = true;
  }

  /** Remove all messages but those pushed after the end of a channel's first page. @param {HistoryPage | null} page  null: it lacks the end */
  #clear(page) {
    const end = !this.isLoaded && page ? (page.messages.at(-1)?.seq ?? 0) : Infinity;
    // The page may have been made before changes that came first.
    for (const { id, msg, content, mentions, editedAt, recalled, reactions, previews } of this.messages) {
      if (editedAt || recalled) keepEarly(this.#earlyChanges, id, { msg, content, mentions, editedAt, recalled });
      if (reactions?.length) keepEarly(this.#knownReactions, id, reactions);
      if (previews) keepEarly(this.#earlyPreviews, id, previews);
    }
    this.messages = this.messages.filter(({ seq }) => seq > end);
    this.notes = this.notes.filter(({ seq }) => seq >= end);
    this.#emptyAfter.clear();
  }

  /** @param {HistoryPage} page */
  #merge(page) {
    for (const message of page.messages) this.#insert(message);
    for (const note of page.notes ?? []) this.#insertNote(note);
  }

  /** @param {LoggedMessage} received */
  #insert(received) {
    const message = this.#removedFiles.applyTo(latestVersion(received, this.#earlyChanges.get(received.id)));
    const reactionsBefore = this.#knownReactions.get(message.id);
    if (reactionsBefore) message.reactions = mergeReactions(reactionsBefore, message.reactions ?? []);
    for (const { change, isMine } of this.#earlyReactions.get(message.id) ?? []) {
      message.reactions = changeReaction(message.reactions ?? [], change, isMine);
    }
    const early = this.#earlyPreviews.get(message.id);
    if (early && !message.previews) message.previews = early;
    const index = insertionIndex(this.messages, (known) => known.seq, message.seq);
    const known = this.messages[index];
    if (known?.seq === message.seq) {
      const clientMsgId = message.clientMsgId ?? known.clientMsgId;
      const reactions = mergeReactions(known.reactions ?? [], message.reactions ?? []);
      const thread = laterThread(known.thread, message.thread);
      // A page that was made before a preview came lacks it.
      const previews = message.previews ?? known.previews;
      this.messages[index] = { ...latestVersion(message, known), clientMsgId, reactions, thread, previews };
      return false;
    }
    this.messages.splice(index, 0, message);
    return true;
  }

  /** @param {SystemNote} note */
  #insertNote(note) {
    const index = insertionIndex(this.notes, (known) => known.position, note.position);
    if (this.notes[index]?.position === note.position) return false;
    this.notes.splice(index, 0, note);
    return true;
  }

  /** @param {string} id @param {MessageChange} change */
  #change(id, change) {
    const index = this.messages.findLastIndex((message) => message.id === id);
    if (index >= 0) {
      this.messages[index] = latestVersion(this.messages[index], change);
      return true;
    }
    keepEarly(this.#earlyChanges, id, change);
    return false;
  }
}

/**
 * Keep what is known of a message that is not loaded, for a limited number of messages.
 * @template T
 * @param {Map<string, T>} early
 * @param {string} id
 * @param {T} value
 */
function keepEarly(early, id, value) {
  early.set(id, value);
  const [oldest] = early.keys();
  if (early.size > MAX_EARLY_CHANGES && oldest !== undefined) early.delete(oldest);
}

/**
 * Return the message with the later of two contents: a recall is final, otherwise the later edit counts.
 * @param {LoggedMessage} message
 * @param {MessageChange | undefined} other
 * @returns {LoggedMessage}
 */
function latestVersion(message, other) {
  if (!other || message.recalled) return message;
  if (other.recalled) return { ...message, msg: "", content: undefined, attachments: undefined, mentions: undefined, recalled: true };
  if ((other.editedAt ?? 0) <= (message.editedAt ?? 0)) return message;
  const { msg, editedAt, content, mentions } = other;
  return { ...message, msg, mentions, editedAt, ...(content === undefined ? {} : { content }) };
}

/**
 * Return the index of the first entry whose key is not below `key`. Searches from the end, where most entries belong.
 * @template T
 * @param {T[]} list
 * @param {(entry: T) => number} keyOf
 * @param {number} key
 */
function insertionIndex(list, keyOf, key) {
  let index = list.length;
  while (index > 0 && keyOf(list[index - 1]) >= key) index--;
  return index;
}
