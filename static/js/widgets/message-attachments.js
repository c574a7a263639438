/**
 * The files of a message: pictures in a grid, players, voice messages, and cards for all others; with the progress of
 * those that are being sent.
 *
 * @import { Attachment, Message } from "../net/wire-types.js"
 * @import { Upload, Uploads } from "../net/uploads.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 * @typedef {{attachment: Attachment, upload: Upload | undefined, key: string, view: View}} Item
 * @typedef {"picture" | "video" | "audio" | "voice" | "card"} View
 */
import { cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { formatBytes, isVoiceMessage } from "../lib/files.js";
import { t } from "../lib/i18n.js";
import { shownPictures } from "../lib/picture-size.js";
import { canPlay } from "../lib/playable.js";
import { createPicture, pictureItem, renderPicture } from "./attachment-picture.js";
import { createFileCard, renderFileCard } from "./file-card.js";
import { createPlayer } from "./media-player.js";
import { showPictures } from "./picture-viewer.js";
import { isUnkept, unkeptText } from "./unkept-file.js";
import { createVoicePlayer } from "./voice-player.js";

/** @param {HTMLElement} element @param {MessageRow} row @param {Uploads} uploads */
export function renderAttachments(element, { message, state, canForward }, uploads) {
  const items = message.recalled ? [] : itemsOf(message, uploads);
  part(element, "attachments").hidden = items.length === 0;
  renderPictures(part(element, "pictures"), items.filter(({ view }) => view === "picture"));
  reconcile(part(element, "files"), items.filter(({ view }) => view !== "picture"), {
    key: ({ key, view }) => `${view}:${key}`,
    create: createFile,
    update: (file, { attachment, view }) => {
      if (view === "card") renderFileCard(file, attachment, { note: cardNote(attachment) });
      const forward = part(file, "forward-file", HTMLButtonElement);
      forward.hidden = !canForward || !attachment.url || Boolean(attachment.removed);
      forward.dataset.attachmentId = attachment.id;
      forward.title = t("attachment.forward", { name: attachment.name });
      forward.setAttribute("aria-label", forward.title);
    },
  });
  const upload = part(element, "upload");
  const running = items.some((item) => item.upload && item.upload.state !== "ready");
  upload.hidden = state !== "pending" || !running;
  upload.dataset.uploads = upload.hidden ? "" : items.flatMap((item) => item.upload?.id ?? []).join(" ");
  if (!upload.hidden) renderProgress(upload, uploads);
}

/** Show how much of the files in a list of messages was sent. @param {HTMLElement} list @param {Uploads} uploads */
export function showProgress(list, uploads) {
  /** @type {NodeListOf<HTMLElement>} */
  const shown = list.querySelectorAll("[data-part=upload]:not([hidden])");
  for (const element of shown) renderProgress(element, uploads);
}

/** Return a few words that stand for the files of a message. @param {Attachment[]} attachments */
export function attachmentSummary(attachments) {
  const n = attachments.length;
  const [first] = attachments;
  if (!first) return t("attachment.gone");
  if (n > 1) return t(attachments.every(({ kind }) => kind === "image") ? "attachment.pictures" : "attachment.files", { n });
  if (isVoiceMessage(first)) return t("message.voice");
  return first.kind === "image" ? t("message.picture") : first.kind === "video" ? t("attachment.video") : first.name;
}

/**
 * Open the picture of a button in the viewer, among those of the loaded messages.
 * @param {Element} target within the button
 * @param {Message[]} messages
 * @param {Message} message that has the picture
 * @param {Uploads} uploads
 * @param {((message: Message, files: string[]) => void) | null} forward null if the user cannot
 */
export function openPicture(target, messages, message, uploads, forward) {
  const { attachmentId } = /** @type {HTMLElement} */ (target.closest("[data-part=open-picture]")).dataset;
  const shown = messages.some(({ id }) => id === message.id) ? messages : [message];
  const items = shown.flatMap((candidate) => (candidate.recalled ? [] : itemsOf(candidate, uploads).map((item) => ({ ...item, candidate }))))
    .filter(({ view }) => view === "picture");
  const index = items.findIndex(({ attachment }) => attachment.id === attachmentId);
  const pictures = items.map(({ attachment, upload, candidate }) => ({
    ...pictureItem(attachment, upload),
    forward: forward && attachment.url ? () => forward(candidate, [attachment.id]) : null,
  }));
  showPictures(pictures, Math.max(0, index));
}

/** @param {Message} message @param {Uploads} uploads @returns {Item[]} */
function itemsOf({ attachments = [] }, uploads) {
  return attachments.map((attachment) => {
    const upload = uploads.get(attachment.id) ?? uploads.ofAttachment(attachment.id);
    // The element stays when the upload has become an attachment.
    return { attachment, upload, key: upload?.id ?? attachment.id, view: viewOf(attachment, upload) };
  });
}

/** @param {Attachment} attachment @param {Upload | undefined} upload @returns {View} */
function viewOf(attachment, upload) {
  const { kind, url, removed } = attachment;
  if (removed) return "card";
  // This browser could not show the file before it was sent.
  if ((!url && !upload?.url) || (upload?.kind === "file" && kind !== "audio")) return "card";
  if (isVoiceMessage(attachment)) return "voice";
  if (kind === "image") return "picture";
  return (kind === "video" || kind === "audio") && canPlay(attachment) ? kind : "card";
}

/** @param {HTMLElement} grid @param {Item[]} items */
function renderPictures(grid, items) {
  const { shown, hidden } = shownPictures(items.length);
  grid.hidden = shown === 0;
  grid.dataset.count = String(shown);
  const places = items.slice(0, shown).map((item, i) => ({ ...item, hidden: i === shown - 1 ? hidden : 0 }));
  reconcile(grid, places, {
    // A single picture has its own proportions, which may become known later.
    key: ({ key, attachment: { width, height } }) => (shown === 1 ? `${key}:${width}x${height}` : key),
    create: ({ attachment, upload }) => createPicture(attachment, upload, shown === 1),
    update: (button, place) => renderPicture(button, place.attachment, place.hidden),
  });
}

/** Return the file with a button that forwards it. @param {Item} item */
function createFile(item) {
  const element = cloneTemplate("template-attachment-file");
  element.prepend(createView(item));
  return element;
}

/** @param {Item} item @returns {HTMLElement} */
function createView({ attachment, upload, view }) {
  if (view === "card") return createFileCard();
  const url = upload?.url || attachment.url;
  const fallback = () => {
    const card = createFileCard();
    renderFileCard(card, attachment, { note: t("attachment.notPlayable") });
    return card;
  };
  return view === "voice" ? createVoicePlayer(attachment, upload?.file ?? url, fallback) : createPlayer(attachment, url, fallback);
}

/** @param {Attachment} attachment */
function cardNote({ kind, url, removed }) {
  if (removed) return t("attachment.removed");
  return url && (kind === "video" || kind === "audio") ? t("attachment.notPlayable") : "";
}

/** @param {HTMLElement} element @param {Uploads} uploads */
function renderProgress(element, uploads) {
  const running = (element.dataset.uploads ?? "").split(" ").flatMap((id) => uploads.get(id) ?? []);
  const size = running.reduce((sum, upload) => sum + upload.size, 0);
  const sent = running.reduce((sum, upload) => sum + upload.sent, 0);
  const progress = part(element, "progress", HTMLProgressElement);
  progress.max = Math.max(1, size);
  progress.value = sent;
  const isWaiting = running.some(({ state }) => state === "waiting");
  const texts = { sent: formatBytes(sent), size: formatBytes(size) };
  const unkept = running.find(isUnkept);
  const waiting = unkept ? unkeptText(unkept) : t("attachment.waiting");
  setText(part(element, "progress-text"), isWaiting ? waiting : t("attachment.progress", texts));
}
