/**
 * Parses message text into plain text, links, `code`, ```code blocks``` and mentions. Pure.
 *
 * @typedef {{kind: "text" | "code" | "block", text: string} | {kind: "link", text: string, href: string}
 *   | {kind: "mention", text: string, isSelf: boolean}} TextSegment
 * @typedef {Map<string, boolean>} MentionNames  lower-case names of users, with whether each is the current user's
 */

export const MAX_NAME_LENGTH = 64;
const MAX_QUOTE_LENGTH = 200;
const MAX_EMOJI_LENGTH = 60;

const BLOCK = /\n?```(?:[\w+-]*\n)?([\s\S]+?)\n?```\n?/;
const CODE = /`([^`\n]+)`/;
const URL_OR_MAIL = /(https?:\/\/[^\s<>"'`，。；：！？、）】》」』]+|mailto:[^\s<>"'`]+@[^\s<>"'`]+)/;
const MARKUP = new RegExp(`${BLOCK.source}|${CODE.source}|${URL_OR_MAIL.source}`, "giu");
const TRAILING_PUNCTUATION = /[.,;:!?'"*_~]+$/u;
const EMOJI =
  /^(?:(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F?|\p{Regional_Indicator}{2}|[#*0-9]\uFE0F?\u20E3)(?:\p{Emoji_Modifier}|\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic})\uFE0F?)*\s*){1,6}$/u;

/** An "@" that may begin a mention: not one within a word or an address. */
export const MENTION_START = /(?<![\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}_.@/-])@/gu;
const WORD_CHARACTER = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}_]/u;

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
  for (const { index } of text.matchAll(MENTION_START)) {
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
 * Return the longest known name that begins at `index` and does not end within a word, or "".
 * @param {string} text
 * @param {number} index
 * @param {MentionNames} names
 */
function nameAt(text, index, names) {
  const candidate = text.slice(index, index + MAX_NAME_LENGTH).toLowerCase();
  for (let length = candidate.length; length > 0; length--) {
    const name = candidate.slice(0, length);
    const splitsWord = WORD_CHARACTER.test(name.at(-1) ?? "") && WORD_CHARACTER.test(text[index + length] ?? "");
    if (names.has(name) && !splitsWord) return name;
  }
  return "";
}

/** Find links and code. @param {string} text @returns {TextSegment[]} */
function parseMarkup(text) {
  /** @type {TextSegment[]} */
  const segments = [];
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    const [whole, block, code, url] = match;
    let matchEnd = match.index + whole.length;
    /** @type {TextSegment | null} */
    let segment = null;
    if (block !== undefined) segment = { kind: "block", text: block };
    else if (code !== undefined) segment = { kind: "code", text: code };
    else {
      const shown = trimUrl(url);
      matchEnd = match.index + shown.length;
      const href = safeHref(shown);
      if (href) segment = { kind: "link", text: shown, href };
    }
    if (!segment) continue;
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

/** Remove the punctuation after a URL, and a closing bracket that was opened before it. @param {string} url */
function trimUrl(url) {
  let trimmed = url.replace(TRAILING_PUNCTUATION, "");
  while (trimmed.endsWith(")") && trimmed.split(")").length > trimmed.split("(").length) {
    trimmed = trimmed.slice(0, -1).replace(TRAILING_PUNCTUATION, "");
  }
  return trimmed;
}

/** Return the address if its scheme is safe to link to. @param {string} url @returns {string | null} */
function safeHref(url) {
  try {
    const { protocol, href } = new URL(url);
    return ["http:", "https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
