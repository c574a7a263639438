/**
 * Creates the parts of the chat that send files, and connects them: uploads, drafts, and the controls of the composer.
 *
 * @import { Client } from "./net/client.js"
 * @import { OutboxEntry } from "./net/outbox.js"
 * @import { AttachmentLimits } from "./state/attachment-limits.js"
 * @import { Store } from "./net/state/store.js"
 * @import { Composer } from "./widgets/composer.js"
 * @import { ThreadComposer } from "./widgets/thread-composer.js"
 */
import { byId } from "./lib/dom.js";
import { t } from "./lib/i18n.js";
import { measureMedia } from "./lib/playable.js";
import { AttachmentSends } from "./net/attachment-sends.js";
import { Uploads } from "./net/uploads.js";
import { UploadKeeper } from "./offline/upload-keeper.js";
import { AttachmentDrafts } from "./state/attachment-drafts.js";
import { draftNameOf } from "./state/drafts.js";
import { AttachmentTray } from "./widgets/attachment-tray.js";
import { FileIntake } from "./widgets/file-intake.js";
import { showToast } from "./widgets/toast.js";
import { VoiceRecorder } from "./widgets/voice-recorder.js";

export class Attachments {
  /** The user whose files the page uploads. */ #userId = "";
  /** @type {Composer | null} */ #composer = null;
  /** @type {ThreadComposer | null} */ #threadComposer = null;

  /** @param {Client} client */
  constructor({ socket, outbox, sendRequest, uploadMemory }) {
    this.memory = uploadMemory;
    this.uploads = new Uploads({ memory: this.memory, sendRequest, measure: measureMedia });
    this.drafts = new AttachmentDrafts(sessionStorage, this.uploads);
    this.sends = new AttachmentSends({ outbox, uploads: this.uploads, restore: (entry) => this.#restore(entry) });
    this.keeper = new UploadKeeper({ uploads: this.uploads, drafts: this.drafts, outbox, tabStorage: sessionStorage });
    socket.on("ready", () => this.uploads.wake());
    addEventListener("beforeunload", (event) => {
      // The browser asks whether to give up the files that it does not keep.
      if (!this.uploads.isUnsafe) return;
      event.preventDefault();
      // Older browsers ask because of this.
      event.returnValue = true;
    });
    addEventListener("pagehide", () => this.memory.release());
  }

  /**
   * Add the controls of the composers.
   * @param {{store: Store, composer: Composer, threadComposer: ThreadComposer, limits: AttachmentLimits}} deps
   * @returns {() => void} lets the user choose files
   */
  connect({ store, composer, threadComposer, limits }) {
    const { uploads, drafts } = this;
    this.#composer = composer;
    this.#threadComposer = threadComposer;
    const deps = { store, uploads, attachmentDrafts: drafts, limits };
    const tray = new AttachmentTray({ ...deps, composer, prefix: "" });
    const threadTray = new AttachmentTray({ ...deps, composer: threadComposer, prefix: "thread-" });
    threadComposer.conversation.on("opened", () => threadTray.render());
    const refusal = () => tray.refusal();
    const intake = new FileIntake({ refusal, add: (files) => tray.add(files) });
    const threadReceiver = { refusal: () => threadTray.refusal(), add: (/** @type {File[]} */ files) => threadTray.add(files) };
    intake.addArea(byId("thread"), threadReceiver, "thread-");
    if (limits.maxBytes) {
      const recorder = new VoiceRecorder({
        refusal,
        place: () => store.currentTarget ?? "",
        send: ({ file, duration }) => composer.sendFiles([uploads.add(file, { duration })]),
        keep: ({ file, duration }, target) => drafts.put(target, [uploads.add(file, { duration })]),
      });
      store.on("current", () => (store.me ? recorder.leave() : recorder.discard()));
    }
    return () => intake.choose();
  }

  /** Use what the browser stores for this user. @param {string} userId */
  load(userId) {
    if (userId === this.#userId) return;
    this.#userId = userId;
    this.uploads.clear();
    this.drafts.load(userId);
    this.keeper.load(userId);
  }

  /** Stop all uploads: the page is given up. They can go on when the user returns. */
  stop() {
    this.uploads.clear();
  }

  /** Delete the files that the browser keeps: the user leaves. */
  wipe() {
    return this.keeper.wipe();
  }

  /** Forget the files of the user, who will not return. */
  clear() {
    this.wipe();
    this.uploads.clear();
    this.memory.clear();
    this.drafts.clear();
  }

  /** Give a message back to the composer whose files are lost, here or on the server. @param {OutboxEntry} entry */
  #restore(entry) {
    const { files = [], threadId, refusal } = entry;
    const name = threadId ? draftNameOf(threadId) : entry.target;
    const isGone = refusal?.reason === "attachment_not_found";
    let missing = null;
    for (const outboxFile of files) {
      const { uploadId, attachment } = outboxFile;
      const file = this.uploads.get(uploadId)?.file;
      if (attachment && !isGone) this.drafts.put(name, [this.uploads.restore(attachment)]);
      else if (file) {
        this.uploads.remove(uploadId);
        this.drafts.add(name, [file]);
      } else missing ??= outboxFile;
    }
    (threadId ? this.#threadComposer : this.#composer)?.restore(entry);
    if (missing) showToast(t("attachment.addAgain", { name: missing.name }));
  }
}
