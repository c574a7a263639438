/**
 * Parses message text into plain text, links, `code`, ```code blocks``` and mentions. Pure.
 *
 * @typedef {{kind: "text" | "code" | "block", text: string} | {kind: "link", text: string, href: string}
 *   | {kind: "mention", text: string, isSelf: boolean}} TextSegment
 * @typedef {Map<string, boolean>} MentionNames  lower-case names of users, with whether each is the current user's
 */
import { LINK_START, linkAt } from "./links.js";

export const MAX_NAME_LENGTH = 64;
const MAX_QUOTE_LENGTH = 200;
const MAX_EMOJI_LENGTH = 60;

const BLOCK = /\n?```(?:[\w+-]*\n)?([\s\S]+?)\n?```\n?/;
const CODE = /`([^`\n]+)`/;
const MARKUP = new RegExp(`${BLOCK.source}|${CODE.source}|${LINK_START.source}`, "giu");
const EMOJI =
  /^(?:(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F?|\p{Regional_Indicator}{2}|[#*0-9]\uFE0F?\u20E3)(?:\p{Emoji_Modifier}|\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic})\uFE0F?)*\s*){1,6}$/u;

/** Scripts without spaces, in which anything may precede or follow a mention. Korean appends to a name, too. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}_]/u;
/** The continuation of a user name: the site allows these characters, and joiners, between letters and digits. */
const NAME_CONTINUATION = /^[._\-\u200c\u200d]+[\p{L}\p{N}]/u;
const ADDRESS_CHARACTER = /[.@/-]/;

/**
 * @param {string} text
 * @param {MentionNames} [names] of the users who can be mentioned
 * @returns {TextSegment[]}
 */
export function parseText(text, names = new Map()) {
  const segments = parseMarkup(text);
  if (names.size === 0 || !text.includes("@")) return segments;
  return segments.flatMap((segment) => (segment.kind === "text" ? parseMentions(segment.text, names) : [segment]));
}

/** @param {string} text @param {MentionNames} names @returns {TextSegment[]} */
function parseMentions(text, names) {
  /** @type {TextSegment[]} */
  const segments = [];
  let end = 0;
  for (const index of mentionStarts(text)) {
    const name = nameAt(text, index + 1, names);
    if (!name || index < end) continue;
    if (index > end) segments.push({ kind: "text", text: text.slice(end, index) });
    end = index + 1 + name.length;
    segments.push({ kind: "mention", text: text.slice(index, end), isSelf: names.get(name) ?? false });
  }
  if (end < text.length) segments.push({ kind: "text", text: text.slice(end) });
  return segments;
}

/**
 * Return the indexes of each "@" that may begin a mention: not one within a word or an address.
 * @param {string} text
 * @returns {number[]}
 */
export function mentionStarts(text) {
  /** @type {number[]} */
  const starts = [];
  for (let index = text.indexOf("@"); index >= 0; index = text.indexOf("@", index + 1)) {
    const before = [...text.slice(Math.max(0, index - 2), index)].pop() ?? "";
    if (!isWordCharacter(before) && !ADDRESS_CHARACTER.test(before)) starts.push(index);
  }
  return starts;
}

/** Tell whether a name that ends beside the character would end within a word. @param {string} char */
function isWordCharacter(char) {
  return WORD_CHARACTER.test(char) && !UNSPACED.test(char);
}

/**
 * Return the longest known name that begins at `index` and ends where a user name may end, or "". Of a longer name that
 * the page does not know, no part is a mention.
 * @param {string} text
 * @param {number} index
 * @param {MentionNames} names
 */
function nameAt(text, index, names) {
  const candidate = text.slice(index, index + MAX_NAME_LENGTH).toLowerCase();
  for (let length = candidate.length; length > 0; length--) {
    const name = candidate.slice(0, length);
    if (names.has(name) && !isContinued(name, text.slice(index + length))) return name;
  }
  return "";
}

/** Tell whether a user name goes on after the known name. @param {string} name @param {string} rest of the text */
function isContinued(name, rest) {
  const [last = "", next = ""] = [[...name].pop(), [...rest.slice(0, 2)][0]];
  return NAME_CONTINUATION.test(rest) || (isWordCharacter(last) && isWordCharacter(next));
}

/** Find links and code. @param {string} text @returns {TextSegment[]} */
function parseMarkup(text) {
  /** @type {TextSegment[]} */
  const segments = [];
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    const [whole, block, code] = match;
    // An address may contain another one.
    if (match.index < end) continue;
    let matchEnd = match.index + whole.length;
    /** @type {TextSegment} */
    let segment;
    if (block !== undefined) segment = { kind: "block", text: block };
    else if (code !== undefined) segment = { kind: "code", text: code };
    else {
      const link = linkAt(text, match.index);
      if (!link) continue;
      matchEnd = link.end;
      segment = { kind: "link", text: link.text, href: link.href };
    }
    if (match.index > end) segments.push({ kind: "text", text: text.slice(end, match.index) });
    segments.push(segment);
    end = matchEnd;
  }
  if (end < text.length) segments.push({ kind: "text", text: text.slice(end) });
  return segments;
}

/** Tell whether the text consists of a few emoji only. @param {string} text */
export function isEmojiOnly(text) {
  return text.length <= MAX_EMOJI_LENGTH && EMOJI.test(text.trim());
}

/** Return the first line, for a quote. @param {string} text */
export function firstLine(text) {
  return text.trim().split("\n", 1)[0].slice(0, MAX_QUOTE_LENGTH);
}
