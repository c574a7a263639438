/**
 * Explains error replies to the user, in the chosen language. English is the server's own sentence; Chinese is found by
 * the key of the reason.
 *
 * @import { ErrorReply } from "../net/protocol.js"
 */
import { zhErrors } from "../locales/zh-errors.js";
import { formatDateTime } from "./format.js";
import { hasText, language, t } from "./i18n.js";

/** @param {ErrorReply} reply @returns {string} "" if there is nothing to say about it */
export function errorReplyText({ code, reason = "", data }) {
  // The server does not know the user's time zone.
  if (reason === "muted" && data?.until) return t("composer.mutedUntil", { until: formatDateTime(data.until) });
  if (reason === "muted") return t("composer.muted");
  // The page itself has refused it.
  const own = `refusal.${reason}`;
  if (hasText(own)) return t(own);
  const english = data?.error ?? "";
  const text = language.code === "en" ? english : fillIn(zhErrors[reason] ?? "", data ?? {});
  const key = `error.${code}`;
  return text || (hasText(key) ? t(key) : english);
}

/** The seconds to wait are rounded up, as in the server's sentences. @param {string} text @param {Record<string, unknown>} data */
function fillIn(text, data) {
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = data[name] ?? "";
    return String(name === "retryAfter" ? Math.ceil(Number(value)) : value);
  });
}
