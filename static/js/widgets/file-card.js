/** A file as a card: icon, name, size, and a link that downloads it. */

/** @import { Attachment } from "../net/wire-types.js" */
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { fileIcon, formatBytes, splitFileName } from "../lib/files.js";
import { t } from "../lib/i18n.js";

export function createFileCard() {
  return cloneTemplate("template-file-card");
}

/**
 * @param {HTMLElement} card
 * @param {Attachment} attachment
 * @param {{note?: string}} [options]  `note`: why it is not shown otherwise
 */
export function renderFileCard(card, attachment, { note = "" } = {}) {
  const { name, size, removed } = attachment;
  const url = removed ? "" : attachment.url;
  showFileName(card, name);
  showFileIcon(part(card, "icon", SVGElement), attachment);
  setText(part(card, "about"), [formatBytes(size), note].filter(Boolean).join(" · "));
  const link = part(card, "download", HTMLAnchorElement);
  link.hidden = !url;
  if (!url) return;
  link.href = url;
  link.download = name;
  link.title = t("attachment.download", { name });
  link.setAttribute("aria-label", link.title);
}

/** Show a name of which the end is always visible. @param {HTMLElement} root @param {string} name */
export function showFileName(root, name) {
  const { start, end } = splitFileName(name);
  setText(part(root, "name-start"), start);
  setText(part(root, "name-end"), end);
  part(root, "name").title = name;
}

/** @param {SVGElement} icon @param {{name: string, kind: string}} file */
export function showFileIcon(icon, file) {
  icon.querySelector("use")?.setAttribute("href", `#icon-${fileIcon(file)}`);
}
