/**
 * The words about a file that waits for the connection, and would be lost with the page.
 *
 * @import { Upload } from "../net/uploads.js"
 */
import { formatBytes } from "../lib/files.js";
import { t } from "../lib/i18n.js";
import { MAX_KEPT_FILE_BYTES } from "../offline/kept-files.js";

/** @param {Upload} upload */
export function isUnkept({ state, kept }) {
  return state === "waiting" && (kept === "too-much" || kept === "no-room");
}

/** @param {Upload} upload */
export function unkeptText({ kept }) {
  return kept === "too-much" ? t("attachment.tooMuchToKeep", { size: formatBytes(MAX_KEPT_FILE_BYTES) }) : t("attachment.noRoomToKeep");
}
