/**
 * Connects the messages that wait in the outbox with the uploads of their files. No DOM.
 *
 * @import { Outbox, OutboxEntry, OutboxFile } from "./outbox.js"
 * @import { Upload, Uploads } from "./uploads.js"
 */

/** Return what the outbox keeps of a file. @param {Omit<OutboxFile, "uploadId"> & {id: string}} upload @returns {OutboxFile} */
export function outboxFile({ id, name, size, type, kind, width, height, attachment }) {
  return { uploadId: id, name, size, type, kind, width, height, attachment };
}

export class AttachmentSends {
  /**
   * @param {{outbox: Outbox, uploads: Uploads, restore: (entry: OutboxEntry) => void}} deps
   *   `restore`: gives a message back to the composer
   */
  constructor({ outbox, uploads, restore }) {
    this.outbox = outbox;
    this.uploads = uploads;
    this.restore = restore;
    uploads.on("change", (upload) => this.#onUploadChanged(upload));
    outbox.on("sent", ({ entry }) => {
      for (const { uploadId } of entry.files ?? []) uploads.onSent(uploadId);
    });
  }

  /** Send a failed message again. One whose files have to be uploaded anew goes back to the composer. @param {string} clientMsgId */
  retry(clientMsgId) {
    const entry = this.outbox.get(clientMsgId);
    const unfinished = entry?.files?.filter(({ attachment }) => attachment === null) ?? [];
    const isLost = unfinished.some(({ uploadId }) => !this.uploads.get(uploadId)?.file);
    // The server deletes files that are not sent for a day.
    if (entry && (isLost || entry.refusal?.reason === "attachment_not_found")) {
      this.outbox.remove(clientMsgId);
      this.restore(entry);
      return;
    }
    for (const { uploadId } of unfinished) this.uploads.retry(uploadId);
    this.outbox.retry(clientMsgId);
  }

  /** Delete a message, with its uploads. @param {string} clientMsgId */
  remove(clientMsgId) {
    const { files = [] } = this.outbox.get(clientMsgId) ?? {};
    this.outbox.remove(clientMsgId);
    for (const { uploadId } of files) this.uploads.remove(uploadId);
  }

  /** @param {Upload} upload */
  #onUploadChanged(upload) {
    const entry = this.outbox.entryOfFile(upload.id);
    if (!entry) return;
    if (upload.state === "failed" && upload.error && entry.state !== "failed") this.outbox.fail(entry, upload.error);
    else this.outbox.setFile(entry, outboxFile(upload));
  }
}
