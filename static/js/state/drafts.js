/**
 * Unsent texts of a user in localStorage, per channel: the draft of a message, and edits of sent messages. All tabs share
 * the storage; the latest version wins. No DOM.
 *
 * `change`: channels with unsent text have changed; `text`: some text has; `changed-elsewhere`: another tab has changed
 * unsent text; `emptied`: the user has deleted all that the site stores.
 * @typedef {{id: string, seq: number, name: string, msg: string}} ReplyReference  the message that a reply answers
 * @typedef {{text: string, reply: ReplyReference | null, target?: string}} Draft  stored as it is, so its names must stay.
 *   `target`: the channel of a thread's draft
 * @typedef {{name: string, target: string, threadId: string, text: string}} ListedDraft
 *   `name`: under which it is kept; `threadId`: "" for that of a channel
 * @typedef {{id: string, msg: string, text: string, isOpen: boolean}} Edit  stored as it is, so its names must stay.
 *   `id`: of the message; `msg`: its text, which is to become `text`; `isOpen`: it is shown when the channel is opened
 */
import { Emitter } from "../net/events.js";
import { JsonStorage } from "../net/state/json-storage.js";

const THREAD_NAME = /^thread:(\d+)$/;

/** Return the name of the draft of a thread. @param {string} threadId */
export function draftNameOf(threadId) {
  return `thread:${threadId}`;
}

/** @extends {Emitter<{change: null, text: null, "changed-elsewhere": null, emptied: null}>} */
export class Drafts extends Emitter {
  #userId = "";

  /** @param {Storage} storage */
  constructor(storage) {
    super();
    this.storage = new JsonStorage(storage);
  }

  /** Use the drafts of this user. @param {string} id */
  load(id) {
    this.#userId = id;
  }

  /** @param {string} target @returns {Draft} */
  get(target) {
    return /** @type {Draft | null} */ (this.storage.get(this.#draftKey(target))) ?? { text: "", reply: null };
  }

  /** Return true if the user has left a draft or an edit in a channel. @param {string} target */
  has(target) {
    return this.storage.get(this.#draftKey(target)) !== null || this.openEdit(target) !== null;
  }

  /** Return the names of all drafts and open edits, as `has` tells of each. @returns {Set<string>} */
  names() {
    const edited = this.#namesBehind(this.#editsKey("")).filter((name) => this.openEdit(name) !== null);
    return new Set([...this.#namesBehind(this.#draftKey("")), ...edited]);
  }

  /** List the drafts and open edits of channels and threads, in no order. @returns {ListedDraft[]} */
  list() {
    return [...this.names()].flatMap((name) => {
      const { text, target = "" } = this.get(name);
      const [, threadId = ""] = THREAD_NAME.exec(name) ?? [];
      const unsent = this.openEdit(name)?.text ?? text;
      return unsent.trim() ? [{ name, target: threadId ? target : name, threadId, text: unsent }] : [];
    });
  }

  /** Delete the draft of a channel or thread, or its open edit. @param {string} name */
  discard(name) {
    const edit = this.openEdit(name);
    if (edit) this.removeEdit(name, edit.id);
    else this.set(name, { text: "", reply: null });
    this.emit("changed-elsewhere");
  }

  /** Keep a draft; an empty one is removed. @param {string} target @param {Draft} draft */
  set(target, draft) {
    this.#change(target, this.#draftKey(target), draft.text.trim() || draft.reply ? draft : null);
  }

  /** Return the edit that a channel is opened with. @param {string} target @returns {Edit | null} */
  openEdit(target) {
    return this.#edits(target).find(({ isOpen }) => isOpen) ?? null;
  }

  /** Return the edit of a message. @param {string} target @param {string} id @returns {Edit | null} */
  editOf(target, id) {
    return this.#edits(target).find((edit) => edit.id === id) ?? null;
  }

  /** Keep an edit, which closes the others if it is open. One that changes nothing is removed. @param {string} target @param {Edit} edit */
  setEdit(target, edit) {
    const others = this.#edits(target).filter(({ id }) => id !== edit.id);
    if (edit.isOpen) for (const other of others) other.isOpen = false;
    this.#setEdits(target, edit.text === edit.msg ? others : [...others, edit]);
  }

  /** @param {string} target @param {string} id of the message */
  removeEdit(target, id) {
    this.#setEdits(target, this.#edits(target).filter((edit) => edit.id !== id));
  }

  /** A message is gone: its edit goes as well, but what the user has just been writing is added to the draft. @param {string} target @param {string} id */
  rescueEdit(target, id) {
    const edit = this.editOf(target, id);
    if (!edit) return;
    this.removeEdit(target, id);
    if (!edit.isOpen) return;
    const { text, reply } = this.get(target);
    this.set(target, { text: text ? `${text}\n${edit.text}` : edit.text, reply });
  }

  /** Delete all drafts and edits of the user, who will not return. */
  clear() {
    this.storage.removeAll(this.#draftKey(""));
    this.storage.removeAll(this.#editsKey(""));
  }

  /** Follow a change of the storage by another tab. @param {Pick<StorageEvent, "key">} event  `key`: null if all is gone */
  onStorageChange({ key }) {
    if (key === null) this.emit("emptied");
    else if (key.startsWith(this.#draftKey("")) || key.startsWith(this.#editsKey(""))) this.refresh();
  }

  /** Take over what other tabs may have changed. */
  refresh() {
    this.emit("changed-elsewhere");
    this.emit("change");
  }

  /** @param {string} prefix of keys */
  #namesBehind(prefix) {
    return this.storage.keys(prefix).map((key) => key.slice(prefix.length));
  }

  /** @param {string} target @returns {Edit[]} */
  #edits(target) {
    const edits = this.storage.get(this.#editsKey(target));
    return Array.isArray(edits) ? edits : [];
  }

  /** @param {string} target @param {Edit[]} edits */
  #setEdits(target, edits) {
    this.#change(target, this.#editsKey(target), edits.length ? edits : null);
  }

  /** @param {string} target @param {string} key @param {unknown} value */
  #change(target, key, value) {
    const had = this.has(target);
    this.storage.set(key, value);
    this.emit("text");
    if (this.has(target) !== had) this.emit("change");
  }

  /** @param {string} target */
  #draftKey(target) {
    return `im.draft.${this.#userId}.${target}`;
  }

  /** @param {string} target */
  #editsKey(target) {
    return `im.edits.${this.#userId}.${target}`;
  }
}
