/**
 * The files that wait in the composer, with their progress; each can be removed, and uploaded again if that has failed.
 *
 * @import { Upload, Uploads } from "../net/uploads.js"
 * @import { AttachmentDrafts } from "../state/attachment-drafts.js"
 * @import { AttachmentLimits } from "../state/attachment-limits.js"
 * @import { Store } from "../net/state/store.js"
 * @typedef {{draftName: string, canSend: boolean, isEditing: boolean, focus: () => void}} FileComposer  `draftName`: of the
 *   draft that it shows; "": none
 */
import { byId, cloneTemplate, part, reconcile, setText, targetOf } from "../lib/dom.js";
import { errorReplyText } from "../lib/error-messages.js";
import { formatBytes } from "../lib/files.js";
import { language, t } from "../lib/i18n.js";
import { acceptFiles, mayUpload } from "../state/attachment-limits.js";
import { isUnkept, unkeptText } from "./unkept-file.js";
import { showFileIcon, showFileName } from "./file-card.js";
import { showToast } from "./toast.js";

export class AttachmentTray {
  #tray;
  #list;
  #status;

  /**
   * @param {{store: Store, uploads: Uploads, attachmentDrafts: AttachmentDrafts, composer: FileComposer,
   *   limits: AttachmentLimits, prefix: string}} deps  `prefix`: of the ids of the composer's elements
   */
  constructor({ store, uploads, attachmentDrafts, composer, limits, prefix }) {
    this.#tray = byId(`${prefix}attachment-tray`);
    this.#list = part(this.#tray, "list");
    this.#status = part(this.#tray, "status");
    this.store = store;
    this.attachmentDrafts = attachmentDrafts;
    this.composer = composer;
    this.limits = limits;
    byId(`${prefix}attach-button`).hidden = limits.maxBytes === 0;
    const render = () => this.render();
    attachmentDrafts.on("change", (name) => name === composer.draftName && this.render());
    uploads.on("progress", (upload) => this.#showProgress(upload));
    store.on("current", render);
    store.on("me", render);
    language.on("change", render);
    this.#list.addEventListener("click", (event) => this.#onClick(targetOf(event), uploads));
  }

  /** Return why the user can add no files to the open channel, or "". */
  refusal() {
    const { me } = this.store;
    if (!mayUpload(this.limits, me?.kind)) return t(this.limits.maxBytes && me?.kind === "guest" ? "attachment.guest" : "files.refused");
    const isCovered = document.querySelector("dialog[open]") !== null;
    if (isCovered || !this.composer.canSend || this.store.channel === null) return t("attachment.cannotSend");
    return this.composer.isEditing ? t("attachment.editing") : "";
  }

  /** Add files to the draft that the composer shows. @param {File[]} files */
  add(files) {
    const name = this.composer.draftName;
    if (!name) return;
    const { accepted, problem } = acceptFiles(files, this.attachmentDrafts.of(name).length, this.limits);
    if (problem) {
      const { perMessage, maxBytes } = this.limits;
      showToast(t(`attachment.${problem.kind}`, { name: problem.name, n: perMessage, size: formatBytes(maxBytes) }), { isError: true });
    }
    if (accepted.length) this.attachmentDrafts.add(name, accepted);
    this.composer.focus();
  }

  render() {
    const { draftName } = this.composer;
    const uploads = draftName && this.store.me ? this.attachmentDrafts.of(draftName) : [];
    this.#tray.hidden = uploads.length === 0;
    reconcile(this.#list, uploads, { key: ({ id }) => id, create: createEntry, update: renderEntry });
    const failed = uploads.find(({ error }) => error);
    const isReady = uploads.length > 0 && uploads.every(({ state }) => state === "ready");
    const unkept = uploads.find(isUnkept);
    const note = unkept && !failed ? unkeptText(unkept) : "";
    // The files show all else themselves.
    this.#status.classList.toggle("visually-hidden", !note);
    setText(this.#status, note || (failed ? failureText(failed) : isReady ? t("attachment.ready", { n: uploads.length }) : ""));
  }

  /** @param {Upload} upload */
  #showProgress(upload) {
    const entry = /** @type {HTMLElement[]} */ ([...this.#list.children]).find(({ dataset }) => dataset.key === upload.id);
    if (entry) renderProgress(entry, upload);
  }

  /** @param {Element} element @param {Uploads} uploads */
  #onClick(element, uploads) {
    const { draftName } = this.composer;
    const id = /** @type {HTMLElement | null} */ (element.closest("[data-key]"))?.dataset.key;
    const action = element.closest("button")?.dataset.part;
    if (!id || !draftName) return;
    if (action === "remove") {
      this.attachmentDrafts.remove(draftName, id);
      if (this.#list.childElementCount === 0) this.composer.focus();
    } else if (action === "retry") uploads.retry(id);
  }
}

/** @param {Upload} upload */
function createEntry(upload) {
  const entry = cloneTemplate("template-tray-file");
  showFileName(entry, upload.name);
  return entry;
}

/** @param {HTMLElement} entry @param {Upload} upload */
function renderEntry(entry, upload) {
  const { name, kind, url, state, attachment } = upload;
  entry.dataset.state = state;
  const image = part(entry, "image", HTMLImageElement);
  const source = kind === "image" ? (url.startsWith("blob:") ? url : (attachment?.thumbnail ?? url)) : "";
  image.hidden = !source;
  if (source && image.getAttribute("src") !== source) image.src = source;
  const icon = part(entry, "icon", SVGElement);
  icon.toggleAttribute("hidden", Boolean(source));
  showFileIcon(icon, upload);
  part(entry, "retry").hidden = state !== "failed" || !upload.file;
  for (const action of /** @type {const} */ (["retry", "remove"])) {
    const button = part(entry, action);
    button.title = t(`attachment.${action}`, { name });
    button.setAttribute("aria-label", button.title);
  }
  renderProgress(entry, upload);
}

/** @param {HTMLElement} entry @param {Upload} upload */
function renderProgress(entry, upload) {
  const { state, sent, size } = upload;
  const progress = part(entry, "progress", HTMLProgressElement);
  progress.hidden = state === "ready" || state === "failed";
  progress.max = size;
  progress.value = sent;
  const about = part(entry, "about");
  about.classList.toggle("error", state === "failed");
  setText(about, aboutText(upload));
  about.title = state === "failed" ? about.textContent ?? "" : "";
}

/** @param {Upload} upload */
function aboutText(upload) {
  const { state, sent, size } = upload;
  if (state === "failed") return failureText(upload);
  if (state === "waiting") return t("attachment.waiting");
  if (state === "ready" || sent === 0) return formatBytes(size);
  return t("attachment.progress", { sent: formatBytes(sent), size: formatBytes(size) });
}

/** @param {Upload} upload */
function failureText({ error }) {
  return (error && errorReplyText(error)) || t("attachment.failed");
}
