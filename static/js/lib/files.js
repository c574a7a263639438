/** Kinds, names and sizes of files, as the page shows them. */
import { graphemes } from "./graphemes.js";
import { language } from "./i18n.js";

const VOICE_NAME = /^voice-message-\d{8}-\d{6}\.(?:m4a|webm|ogg|mp3|wav|aac|flac)$/;
/** Characters before the extension that stay when a name is shortened. */
const KEPT_BEFORE_EXTENSION = 4;
const MAX_EXTENSION = 10;
const UNITS = /** @type {const} */ (["kilobyte", "megabyte", "gigabyte", "terabyte"]);
const STEP = 1024;
/** Icons by what the extension stands for. */
const ICONS = /** @type {const} */ ({
  "file-archive": "zip gz tgz bz2 xz zst 7z rar tar iso dmg deb rpm jar apk",
  "file-table": "xls xlsx ods csv tsv numbers parquet",
  "file-text": "pdf doc docx odt rtf txt md pages epub tex log ppt pptx odp key",
  "file-code": "js mjs ts tsx jsx py rb go rs c h cpp cs java kt swift php sh sql html htm css json xml yaml yml toml ini svg",
});

/** Tell whether the page's recorder has made the file. @param {{name: string, kind: string}} file */
export function isVoiceMessage({ name, kind }) {
  return (kind === "audio" || kind === "video") && VOICE_NAME.test(name);
}

/** Return the name of a voice message recorded now. @param {Date} now @param {string} type its MIME type */
export function voiceMessageName(now, type) {
  const digits = (/** @type {number[]} */ ...parts) => parts.map((part) => String(part).padStart(2, "0")).join("");
  const day = digits(now.getFullYear(), now.getMonth() + 1, now.getDate());
  const extension = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
  return `voice-message-${day}-${digits(now.getHours(), now.getMinutes(), now.getSeconds())}.${extension}`;
}

/** Return the name of the icon that stands for a file. @param {{name: string, kind: string}} file */
export function fileIcon({ name, kind }) {
  if (kind !== "file") return `file-${kind}`;
  const extension = extensionOf(name).slice(1).toLowerCase();
  return Object.entries(ICONS).find(([, extensions]) => extension && extensions.split(" ").includes(extension))?.[0] ?? "file";
}

/** Return a name in two parts: the first can be shortened, the second, with the extension, stays. @param {string} name */
export function splitFileName(name) {
  const extension = extensionOf(name);
  const letters = graphemes(extension ? name.slice(0, -extension.length) : name);
  const kept = Math.min(KEPT_BEFORE_EXTENSION, Math.floor(letters.length / 2));
  const at = letters.length - kept;
  return { start: letters.slice(0, at).join(""), end: letters.slice(at).join("") + extension };
}

/** Return a size in kilobytes or a larger unit. @param {number} bytes */
export function formatBytes(bytes) {
  let value = bytes / STEP;
  let power = 0;
  for (; value >= STEP && power < UNITS.length - 1; power++) value /= STEP;
  if (bytes > 0) value = Math.max(0.1, value);
  const maximumFractionDigits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(language.tag, { style: "unit", unit: UNITS[power], unitDisplay: "short", maximumFractionDigits }).format(value);
}

/** Return minutes and seconds, such as 1:05. @param {number} seconds */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Return the extension with its point, or "". @param {string} name */
function extensionOf(name) {
  const at = name.lastIndexOf(".");
  return at > 0 && name.length - at <= MAX_EXTENSION ? name.slice(at) : "";
}
