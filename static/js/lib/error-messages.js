/**
 * Says in the user's language why the server refused something. English is the server's own sentence; Chinese goes by
 * the key of the reason.
 * @typedef {{code: number, reason?: string, data: any}} Refusal  of a reply; kept with what could not be sent
 */
import { zhErrors } from "../locales/zh-errors.js";
import { momentOf } from "./format.js";
import { hasWord, language, t } from "./i18n.js";

/** @param {Refusal} refusal @returns {string} empty if there is nothing to say about it */
export function refusalText({ code, reason = "", data }) {
  // The server does not know the user's time zone.
  if (reason === "muted") return data?.until ? t("composer.mutedUntil", { until: momentOf(data.until) }) : t("composer.muted");
  const english = data?.error ?? "";
  const text = language.code === "en" ? english : fill(zhErrors[reason] ?? "", data ?? {});
  if (text) return text;
  return hasWord(`error.${code}`) ? t(`error.${code}`) : english;
}

/** Fractions of seconds are rounded up, as in the server's sentences. @param {string} text @param {Record<string, any>} data */
function fill(text, data) {
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = data[name] ?? "";
    return String(typeof value === "number" ? Math.ceil(value) : value);
  });
}
