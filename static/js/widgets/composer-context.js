/**
 * The line above the composer that names the message which is edited or replied to.
 *
 * @import { Edit, ReplyReference } from "../state/drafts.js"
 */
import { part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { summaryLine } from "../lib/markup.js";

/**
 * @param {HTMLElement} context
 * @param {{edit: Edit | null, reply: ReplyReference | null, isChanged: boolean}} state  `isChanged`: of the edit
 */
export function showContext(context, { edit, reply, isChanged }) {
  context.hidden = !edit && !reply;
  if (context.hidden) return;
  part(context, "context-icon", SVGElement).setAttribute("href", edit ? "#icon-edit" : "#icon-reply");
  setText(part(context, "context-title"), edit ? t("composer.editing") : t("composer.replyTo", { name: reply?.name }));
  setText(part(context, "context-text"), edit ? summaryLine(edit.msg) : reply?.msg ?? "");
  part(context, "discard").hidden = !isChanged;
}
