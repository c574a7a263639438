/**
 * What is loaded of one channel: a window of its messages in order of their numbers, with the system notes among them.
 * Pure state, no DOM, no socket. Everything can be given twice and in any order.
 *
 * @import { Message, Note, Person } from "../net/protocol.js"
 * @typedef {Message & {clientMsgId?: string}} LoggedMessage
 * @typedef {{messages: Message[], notes?: Note[], hasMore: boolean}} Page
 */

/** Most messages that stay loaded; beyond it, what lies farthest from the reader is dropped. */
export const WINDOW = 300;
/** So many more may stand there, so that not every message that comes drops one. */
const SLACK = 50;

export class ChannelLog {
  /** Ascending by seq. @type {LoggedMessage[]} */
  messages = [];
  /** Ascending by position. @type {Note[]} */
  notes = [];
  loaded = false;
  hasOlder = false;
  /** The window ends before the channel does: the reader is in the middle, and live messages are not added. */
  hasNewer = false;
  /** Somebody reads above the end: what they have before them is not dropped for what comes. */
  readAbove = false;
  /** Edits and recalls of messages that are not here, in case a page that was read before them comes after them.
   * @type {Map<string, Partial<Message>>} */
  #changes = new Map();
  /** Holes that the server says are empty. @type {Set<number>} */
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

  /** A message that just came. Returns whether it is new here. @param {LoggedMessage} message */
  add(message) {
    if (this.hasNewer) return false;
    const isNew = this.#insert(message);
    if (this.messages.length > WINDOW + SLACK) this.#trim();
    return isNew;
  }

  /** @param {Note} note */
  addNote(note) {
    if (this.hasNewer && note.seq >= this.lastSeq) return false;
    return this.#insertNote(note);
  }

  /** The newest page, or with `keep` one that joins what is loaded. @param {Page} page */
  setNewest(page, keep = false) {
    if (!keep) this.#clear();
    const joins = this.messages.length > 0;
    this.#merge(page);
    this.loaded = true;
    this.hasNewer = false;
    if (!joins) this.hasOlder = page.hasMore;
    if (this.messages.length > WINDOW + SLACK) this.#trim();
  }

  /** A page from the middle, around the place where reading stopped. @param {Page} page */
  setMiddle(page) {
    this.#clear();
    this.#merge(page);
    this.loaded = true;
    this.hasOlder = this.firstSeq > 1;
    this.hasNewer = page.hasMore;
  }

  /** @param {Page} page */
  addOlder(page) {
    this.#merge(page);
    this.hasOlder = page.hasMore;
    if (this.messages.length > WINDOW) this.#trimNewer();
  }

  /** @param {Page} page @param {number} channelLast the channel's last seq as far as known */
  addNewer(page, channelLast) {
    const upTo = page.messages.at(-1)?.seq ?? this.lastSeq;
    if (page.hasMore) this.messages = this.messages.filter((message) => message.seq <= upTo);
    this.#merge(page);
    // Something may have come while the page was under way.
    this.hasNewer = page.hasMore || (page.messages.length > 0 && channelLast > this.lastSeq);
    if (this.messages.length > WINDOW) this.#trimOlder();
  }

  /**
   * Somebody is called otherwise now, or looks otherwise. Returns whether that changes anything here.
   * @param {{id: string, userId: string, name: string, avatar: string}} person
   * @param {string | null} as only in what they said under this name; null: in all of it
   */
  rename({ id, userId, name, avatar }, as) {
    const theirs = (/** @type {Message} */ message) => message.fromId === id && (as === null || message.from === as);
    const differs = (/** @type {Message} */ message) => message.from !== userId || message.name !== name || message.avatar !== avatar;
    const isIn = (/** @type {Note} */ { by, who }) => [by, ...who].some((person) => person.id === id && person.name !== name);
    if (!this.messages.some((message) => theirs(message) && differs(message)) && !this.notes.some(isIn)) return false;
    this.messages = this.messages.map((message) => (theirs(message) ? { ...message, from: userId, name, avatar } : message));
    const now = (/** @type {Person} */ person) => (person.id === id ? { ...person, userId, name, avatar } : person);
    this.notes = this.notes.map((note) => ({ ...note, by: now(note.by), who: note.who.map(now) }));
    return true;
  }

  /** @param {{id: string, msg: string, editedAt: number}} edit */
  edit({ id, msg, editedAt }) {
    return this.#change(id, { msg, editedAt });
  }

  /** @param {{id: string}} recall */
  recall({ id }) {
    return this.#change(id, { msg: "", recalled: true });
  }

  /**
   * Where numbers are missing: the seq before the first hole, or null.
   * @param {number} channelLast the channel's last seq as far as known; what is missing at the end is a hole too
   */
  gap(channelLast = 0) {
    let before = this.messages.length ? this.firstSeq : 0;
    for (const { seq } of this.messages) {
      if (seq > before + 1 && !this.#emptyAfter.has(before)) return before;
      before = seq;
    }
    return !this.hasNewer && channelLast > before && !this.#emptyAfter.has(before) ? before : null;
  }

  /** Fills a hole. What the server does not return there does not exist for us. @param {number} after @param {Page} page */
  fill(after, page) {
    this.#merge(page);
    for (const seq of [after, ...page.messages.slice(0, -1).map((message) => message.seq)]) {
      if (!this.messages.some((message) => message.seq === seq + 1)) this.#emptyAfter.add(seq);
    }
    if (this.messages.length > WINDOW + SLACK) this.#trim();
  }

  #trim() {
    if (this.readAbove) this.#trimNewer();
    else this.#trimOlder();
  }

  #trimOlder() {
    this.messages = this.messages.slice(-WINDOW);
    this.notes = this.notes.filter((note) => note.seq >= this.firstSeq);
    this.hasOlder = true;
  }

  #trimNewer() {
    this.messages = this.messages.slice(0, WINDOW);
    this.notes = this.notes.filter((note) => note.seq < this.lastSeq);
    this.hasNewer = true;
  }

  #clear() {
    this.messages = [];
    this.notes = [];
    this.#emptyAfter.clear();
  }

  /** @param {Page} page */
  #merge(page) {
    for (const message of page.messages) this.#insert(message);
    for (const note of page.notes ?? []) this.#insertNote(note);
  }

  /** @param {LoggedMessage} given */
  #insert(given) {
    const message = freshest(given, this.#changes.get(given.id));
    const at = place(this.messages, (known) => known.seq, message.seq);
    const known = this.messages[at];
    if (known?.seq === message.seq) {
      this.messages[at] = { ...freshest(message, known), clientMsgId: message.clientMsgId ?? known.clientMsgId };
      return false;
    }
    this.messages.splice(at, 0, message);
    return true;
  }

  /** @param {Note} note */
  #insertNote(note) {
    const at = place(this.notes, (known) => known.position, note.position);
    if (this.notes[at]?.position === note.position) return false;
    this.notes.splice(at, 0, note);
    return true;
  }

  /** @param {string} id @param {Partial<Message>} change */
  #change(id, change) {
    const at = this.messages.findLastIndex((message) => message.id === id);
    if (at < 0) {
      this.#changes.set(id, change);
      if (this.#changes.size > 200) this.#changes.delete(/** @type {string} */ (this.#changes.keys().next().value));
      return false;
    }
    this.messages[at] = freshest(this.messages[at], change);
    return true;
  }
}

/**
 * The message with the later of two contents: a recall is final, otherwise the later edit stands.
 * @param {LoggedMessage} message @param {Partial<Message> | undefined} other
 * @returns {LoggedMessage}
 */
function freshest(message, other) {
  if (!other || message.recalled) return message;
  if (other.recalled) return { ...message, msg: "", content: undefined, recalled: true };
  if ((other.editedAt ?? 0) <= (message.editedAt ?? 0)) return message;
  return { ...message, msg: other.msg ?? "", editedAt: other.editedAt };
}

/**
 * Index of the first entry whose key is not below `key`. Looks from the end, where most things arrive.
 * @template T @param {T[]} list @param {(entry: T) => number} keyOf @param {number} key
 */
function place(list, keyOf, key) {
  let at = list.length;
  while (at > 0 && keyOf(list[at - 1]) >= key) at--;
  return at;
}
