/**
 * Cards below a message for the pages that it links to: site, title, description and a small picture.
 *
 * @import { LinkPreview, Message } from "../net/wire-types.js"
 */
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { safeHref } from "../lib/links.js";

/**
 * @param {HTMLElement} container
 * @param {Message} message
 * @param {boolean} canRemove  whether the user can remove its previews
 */
export function renderLinkPreviews(container, { previews = [], recalled }, canRemove) {
  const shown = recalled ? [] : previews.filter(({ url }) => safeHref(url));
  container.hidden = shown.length === 0;
  /** @type {Map<string | undefined, HTMLElement>} */
  const known = new Map();
  for (const card of container.children) if (card instanceof HTMLElement) known.set(card.dataset.preview, card);
  // A card stays for its preview, so that its picture is not loaded again.
  container.replaceChildren(...shown.map((preview) => known.get(preview.id) ?? createCard(preview)));
  for (const card of container.children) {
    part(card, "remove-preview").hidden = !canRemove;
    part(card, "remove-preview").setAttribute("aria-label", t("linkPreview.remove"));
    part(card, "remove-preview").title = t("linkPreview.remove");
  }
}

/** @param {LinkPreview} preview */
function createCard({ id, url, title, siteName, description, picture, width, height }) {
  const card = cloneTemplate("template-link-preview");
  card.dataset.preview = id;
  const link = part(card, "preview-link", HTMLAnchorElement);
  link.href = safeHref(url) ?? "";
  link.title = url;
  setText(part(card, "preview-site"), siteName || new URL(url).hostname.replace(/^www\./, ""));
  setText(part(card, "preview-title"), title);
  setText(part(card, "preview-description"), description ?? "");
  part(card, "preview-description").hidden = !description;
  const image = part(card, "preview-picture", HTMLImageElement);
  image.hidden = !picture;
  if (picture) {
    image.width = width ?? 0;
    image.height = height ?? 0;
    image.addEventListener("error", () => (image.hidden = true), { once: true });
    image.src = picture;
  }
  return card;
}
