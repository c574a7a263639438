/**
 * Keeps the files that are not uploaded yet, so that they go on waiting where they were, in a draft or a message, after a reload
 * or a crash of the page. No DOM.
 *
 * @import { AttachmentDrafts } from "../state/attachment-drafts.js"
 * @import { Outbox, OutboxEntry } from "../net/outbox.js"
 * @import { Upload, Uploads } from "../net/uploads.js"
 * @import { FilePlace, KeptFile } from "./kept-files.js"
 */
import { KeptFiles, KeptFilesFull } from "./kept-files.js";
import { claimPageId } from "./page-id.js";

export class UploadKeeper {
  #userId = "";
  /** The last operation on the database: they follow one another. @type {Promise<unknown>} */ #last = Promise.resolve();
  /** The places of the kept files, as noted in the database: JSON by upload id. @type {Map<string, string>} */ #places = new Map();
  /** Uploads whose files are to be kept. @type {Set<string>} */ #wanted = new Set();
  #pageId;

  /** @param {{uploads: Uploads, drafts: AttachmentDrafts, outbox: Outbox, tabStorage: Storage, files?: KeptFiles}} deps */
  constructor({ uploads, drafts, outbox, tabStorage, files = new KeptFiles() }) {
    this.uploads = uploads;
    this.drafts = drafts;
    this.outbox = outbox;
    this.files = files;
    this.#pageId = claimPageId(tabStorage);
    outbox.restoresUploads = true;
    uploads.on("added", (upload) => this.#keep(upload));
    uploads.on("removed", ({ id }) => this.#forget(id));
    uploads.on("change", ({ id, state }) => state === "ready" && this.#forget(id));
    drafts.on("change", () => this.#noteMoves());
    outbox.on("change", () => this.#noteMoves());
  }

  /** Go on with the files that wait for this user, and whose page has ended. @param {string} userId */
  async load(userId) {
    this.#userId = userId;
    this.#forgetAll();
    const page = await this.#pageId;
    /** @type {KeptFile[]} */
    let found = [];
    await this.#run(async () => (found = await this.files.claim(userId, page)));
    if (userId !== this.#userId) return;
    /** @type {Map<string, OutboxEntry>} */
    const entries = new Map();
    for (const kept of found) {
      const { id, file, duration, draft, entry } = kept;
      this.#places.set(id, JSON.stringify({ draft, entry }));
      if (!draft && !this.#isAwaited(kept)) {
        this.#forget(id);
        continue;
      }
      if (!this.uploads.get(id)) this.uploads.resume(id, file, { duration });
      const upload = /** @type {Upload} */ (this.uploads.get(id));
      if (entry) entries.set(entry.clientMsgId, entry);
      else if (draft && !this.drafts.of(draft).includes(upload)) this.drafts.put(draft, [upload]);
    }
    for (const entry of entries.values()) this.outbox.adopt(entry);
    this.outbox.interruptUploads((id) => Boolean(this.uploads.get(id)?.file));
  }

  /** Keep nothing more for this user, and delete what is kept. */
  async wipe() {
    this.#userId = "";
    this.#forgetAll();
    await this.#run(() => this.files.wipe());
  }

  /** A message that another page or tab has sent, or deleted, needs its files no more. @param {KeptFile} kept */
  #isAwaited({ id, entry }) {
    if (!entry) return false;
    const known = this.outbox.get(entry.clientMsgId);
    return !known || (known.files ?? []).some(({ uploadId, attachment }) => uploadId === id && attachment === null);
  }

  /** @param {Upload} upload */
  async #keep({ id, file, duration }) {
    const userId = this.#userId;
    if (!userId || !file) return;
    this.#wanted.add(id);
    const page = await this.#pageId;
    await this.#run(async () => {
      // Meanwhile it may have been uploaded or removed, or the user have left.
      if (userId !== this.#userId || !this.#wanted.delete(id)) return;
      const place = this.#placeOf(id);
      try {
        await this.files.add({ id, userId, page, at: Date.now(), size: file.size, file, duration, ...place });
      } catch (error) {
        this.uploads.setKept(id, error instanceof KeptFilesFull ? "too-much" : "no-room");
        return;
      }
      this.#places.set(id, JSON.stringify(place));
      this.uploads.setKept(id, "kept");
    });
    this.#noteMoves();
    // It may have been uploaded while it was written.
    if (this.uploads.get(id)?.state === "ready" || !this.uploads.get(id)) this.#forget(id);
  }

  /** @param {string} id */
  #forget(id) {
    this.#wanted.delete(id);
    if (this.#places.delete(id)) this.#run(() => this.files.remove(id));
  }

  #forgetAll() {
    this.#places.clear();
    this.#wanted.clear();
  }

  #noteMoves() {
    for (const [id, noted] of this.#places) {
      const place = this.#placeOf(id);
      const json = JSON.stringify(place);
      // Between a draft and its message, a file waits nowhere for a moment.
      if (json === noted || (!place.draft && !place.entry)) continue;
      this.#places.set(id, json);
      this.#run(() => this.files.move(id, place));
    }
  }

  /** @param {string} id @returns {FilePlace} */
  #placeOf(id) {
    const entry = this.outbox.entryOfFile(id) ?? null;
    const upload = this.uploads.get(id);
    return { draft: entry || !upload ? null : this.drafts.nameOf(upload), entry: entry && structuredClone(entry) };
  }

  /** Run an operation after the earlier ones. A browser without room or databases keeps nothing. @param {() => Promise<unknown>} operation */
  #run(operation) {
    this.#last = this.#last.then(operation).catch(() => {});
    return this.#last;
  }
}
