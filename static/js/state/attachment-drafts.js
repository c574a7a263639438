/**
 * The files that wait in the composer of each channel, also while they are uploaded. Those that the server has survive a
 * reload of the tab. No DOM.
 *
 * `change`: the files of this target have changed.
 * @import { Attachment } from "../net/wire-types.js"
 * @import { Upload, Uploads } from "../net/uploads.js"
 */
import { Emitter } from "../net/events.js";
import { JsonStorage } from "../net/state/json-storage.js";

/** @extends {Emitter<{change: string}>} */
export class AttachmentDrafts extends Emitter {
  /** By target. @type {Map<string, Upload[]>} */ #drafts = new Map();
  #prefix = "im.attachments..";

  /** @param {Storage} tabStorage @param {Uploads} uploads */
  constructor(tabStorage, uploads) {
    super();
    this.storage = new JsonStorage(tabStorage);
    this.uploads = uploads;
    uploads.on("change", (upload) => {
      const target = this.nameOf(upload);
      if (target !== null) this.#onChange(target);
    });
  }

  /** Use the files of this user. @param {string} userId */
  load(userId) {
    const prefix = `im.attachments.${userId}.`;
    if (prefix === this.#prefix) return;
    this.#prefix = prefix;
    this.#drafts.clear();
  }

  /** Return the files of a channel's draft in the order in which they were added. @param {string} target @returns {Upload[]} */
  of(target) {
    const known = this.#drafts.get(target);
    if (known) return known;
    const stored = target ? this.storage.get(this.#prefix + target) : null;
    const attachments = /** @type {Attachment[]} */ (Array.isArray(stored) ? stored : []);
    const uploads = attachments.map((attachment) => this.uploads.restore(attachment));
    this.#drafts.set(target, uploads);
    return uploads;
  }

  /** Add files, which are uploaded. @param {string} target @param {File[]} files */
  add(target, files) {
    this.put(target, files.map((file) => this.uploads.add(file)));
  }

  /** Add files that are uploaded already, or not yet. @param {string} target @param {Upload[]} uploads */
  put(target, uploads) {
    this.#set(target, [...this.of(target), ...uploads]);
  }

  /** @param {string} target @param {string} id */
  remove(target, id) {
    this.#set(target, this.of(target).filter((upload) => upload.id !== id));
    this.uploads.remove(id);
  }

  /** Return the server's ids of the files, or null if some are not uploaded yet. @param {Upload[]} uploads @returns {string[] | null} */
  uploadedIds(uploads) {
    const ids = uploads.flatMap(({ attachment }) => attachment?.id ?? []);
    return ids.length < uploads.length ? null : ids;
  }

  /** Return the files and empty the draft: they are sent. @param {string} target @returns {Upload[]} */
  take(target) {
    const uploads = this.of(target);
    this.#set(target, []);
    return uploads;
  }

  /** Take some files out of the draft: they were sent, while the user may have added others. @param {string} target @param {Upload[]} sent */
  removeSent(target, sent) {
    this.#set(target, this.of(target).filter((upload) => !sent.includes(upload)));
  }

  /** Forget the files of the user, who will not return. */
  clear() {
    this.storage.removeAll(this.#prefix);
    this.#drafts.clear();
  }

  /** Return the draft that a file waits in, or null. @param {Upload} upload */
  nameOf(upload) {
    for (const [target, uploads] of this.#drafts) if (uploads.includes(upload)) return target;
    return null;
  }

  /** @param {string} target @param {Upload[]} uploads */
  #set(target, uploads) {
    this.#drafts.set(target, uploads);
    this.#onChange(target);
  }

  /** @param {string} target */
  #onChange(target) {
    const attachments = this.of(target).flatMap(({ attachment }) => attachment ?? []);
    this.storage.set(this.#prefix + target, attachments.length ? attachments : null);
    this.emit("change", target);
  }
}
