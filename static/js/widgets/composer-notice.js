/**
 * The line above the composer that says why the user cannot send messages in a channel.
 *
 * @import { SendPermission } from "../state/send-permission.js"
 */
import { part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/**
 * @param {HTMLElement} notice
 * @param {SendPermission | null} permission
 * @param {{name: string, n: number, until: string}} params of the texts
 */
export function showRestriction(notice, permission, params) {
  const restriction = permission?.restriction ?? "";
  notice.hidden = restriction === "";
  part(notice, "unblock").hidden = restriction !== "blocked";
  if (restriction === "") return;
  const key = restriction === "muted" && permission?.until ? "mutedUntil" : restriction;
  setText(part(notice, "text"), t(`composer.${key}`, params));
}
