/**
 * Finds where web and mail addresses in text end. Most of the rules are those of linkify-it; text in Chinese, where no
 * space follows an address, needs more. Pure.
 *
 * @typedef {{end: number, text: string, href: string}} Link  `end`: its index in the text; `text`: how it is shown
 */
import { displayHost } from "./hosts.js";

/** The beginning of an address that becomes a link. */
export const LINK_START = /https?:\/\/|mailto:/;
const LABEL = "[\\p{L}\\p{N}\\p{So}](?:[\\p{L}\\p{M}\\p{N}\\p{So}\\u200c\\u200d_-]*[\\p{L}\\p{M}\\p{N}\\p{So}])?";
const HOST = `(?<host>\\[[\\da-f:.]+\\]|${LABEL}(?:\\.${LABEL})*)`;
const WEB = new RegExp(`https?://(?:[\\p{L}\\p{N}.!$%&'*+,;=:_~-]{1,64}@)?${HOST}`, "iuy");
const MAIL = new RegExp(`mailto:[\\p{L}\\p{N}.!#$%&'*+/=?^_{|}~-]{1,64}@${HOST}`, "iuy");
const PORT = /:\d{1,5}/y;
/** The last label of a host, where writing without spaces, or emoji, follow it. */
const HOST_BEFORE_TEXT =
  /^[\p{Script=Latin}\p{N}_-]*[\p{Script=Latin}\p{N}](?=[_-]*[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{So}])/u;
/** A character before the address that makes it another scheme. */
const LONGER_SCHEME = /[a-z0-9]/i;

/** Characters that end every address: spaces, quotation marks, and the punctuation of text without spaces. */
const TERMINATORS = "\\s\\p{Cc}<>\"`\\\\„‚‟｜，。、；：！？｡､…‥—―";
const TERMINATOR = new RegExp(`[${TERMINATORS}]`, "u");
/** Keeps the time for many unfinished addresses short. */
const MAX_PATH_LENGTH = 5000;
/** Brackets and quotation marks, which belong to the address in pairs only. */
const PAIRED = "() [] {} “” ‘’ «» ‹› （） ［］ ｛｝ 【】 〔〕 〖〗 《》 〈〉 「」 『』 ｢｣".split(" ");
const PAIRS = new Map(PAIRED.map(([opener, closer]) => [opener, closer]));
const CLOSERS = new Set(PAIRS.values());
const APOSTROPHES = "'’";
/** A run of characters that need no look. */
const PLAIN = new RegExp(`[^${TERMINATORS}${APOSTROPHES}${PAIRED.join("").replace(/[[\]]/g, "\\$&")}]+`, "uy");
/** A character that makes an apostrophe before it a part of the address. */
const AFTER_APOSTROPHE = /[\p{L}\p{N}-]/u;
/** Characters that an address has within, but not at its end. */
const TRAILING = /[\p{P}\p{Cf}|~～]/u;
const POSSIBLE_END = /[/#&%@*_-]/;
/** Signs that people put around text to stress it. */
const EMPHASIS = "*_~";
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Return the link whose address begins at `start`, where the text matches LINK_START, or null if none does.
 * @param {string} text
 * @param {number} start
 * @param {string[]} [openMarks]  marks of formatting that began before the address and may end with it, such as "**"
 * @returns {Link | null}
 */
export function linkAt(text, start, openMarks = []) {
  const match = LONGER_SCHEME.test(text.charAt(start - 1)) ? null : (matchAt(WEB, text, start) ?? matchAt(MAIL, text, start));
  if (!match?.groups) return null;
  const { host: wholeHost } = match.groups;
  const host = withoutText(wholeHost);
  const hostStart = start + match[0].length - wholeHost.length;
  const hostEnd = hostStart + host.length;
  const portEnd = hostEnd + (matchAt(PORT, text, hostEnd)?.[0].length ?? 0);
  const end = host === wholeHost ? pathEnd(text, start, portEnd, openMarks) : hostEnd;
  const href = safeHref(text.slice(start, end));
  const shownHost = displayHost(host);
  if (!href || !shownHost) return null;
  const path = text.slice(hostEnd, end).replace(BIDI_CONTROLS, encodeURIComponent);
  return { end, text: text.slice(start, hostStart) + shownHost + path, href };
}

/** @param {RegExp} sticky @param {string} text @param {number} start */
function matchAt(sticky, text, start) {
  sticky.lastIndex = start;
  return sticky.exec(text);
}

/** Cut off text that follows the host without a space: no top-level domain mixes Latin and Chinese. @param {string} host */
function withoutText(host) {
  const lastLabel = host.slice(host.lastIndexOf(".") + 1);
  const label = HOST_BEFORE_TEXT.exec(lastLabel)?.[0] ?? lastLabel;
  return host.slice(0, host.length - lastLabel.length + label.length);
}

/**
 * Return the end of the address whose path, query or fragment may begin at `pathStart`.
 * @param {string} text
 * @param {number} start
 * @param {number} pathStart
 * @param {string[]} openMarks
 */
function pathEnd(text, start, pathStart, openMarks) {
  if (!"/?#".includes(text.charAt(pathStart) || " ")) return pathStart;
  /** @type {{index: number, closer: string}[]} */
  const open = [];
  let end = pathStart;
  while (end - pathStart < MAX_PATH_LENGTH) {
    end += matchAt(PLAIN, text, end)?.[0].length ?? 0;
    const char = characterAt(text, end);
    const next = end + char.length;
    const closer = PAIRS.get(char);
    if (TERMINATOR.test(char)) break;
    if (closer) open.push({ index: end, closer });
    else if (open.at(-1)?.closer === char) open.pop();
    else if (APOSTROPHES.includes(char) ? !AFTER_APOSTROPHE.test(characterAt(text, next)) : CLOSERS.has(char)) break;
    end = next;
  }
  end = open[0]?.index ?? end;
  for (const mark of openMarks) {
    // A single mark ends the formatting only at the address's end.
    const index = mark.length > 1 ? text.slice(pathStart, end).indexOf(mark) : -1;
    if (index >= 0) end = pathStart + index;
  }
  return trimmedEnd(text, start, pathStart, end, openMarks);
}

/**
 * Leave out punctuation at the end of the address, and emphasis that began before it.
 * @param {string} text
 * @param {number} start
 * @param {number} pathStart
 * @param {number} end
 * @param {string[]} openMarks
 */
function trimmedEnd(text, start, pathStart, end, openMarks) {
  const before = EMPHASIS.includes(text.charAt(start - 1) || " ") ? text.charAt(start - 1) : "";
  const emphasis = openMarks.join("") + before;
  const path = [...text.slice(pathStart, end)];
  const canEnd = (/** @type {string} */ char) =>
    !emphasis.includes(char) && (!TRAILING.test(char) || POSSIBLE_END.test(char) || CLOSERS.has(char));
  while (path.length && !canEnd(path[path.length - 1])) path.pop();
  return pathStart + path.join("").length;
}

/** Return the character at the index, or a space at the end. @param {string} text @param {number} index */
function characterAt(text, index) {
  return String.fromCodePoint(text.codePointAt(index) ?? 0x20);
}

/** Return the address if its scheme is safe to link to. @param {string} url @returns {string | null} */
export function safeHref(url) {
  try {
    const { protocol, href } = new URL(url);
    return ["http:", "https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
