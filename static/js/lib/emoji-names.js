/**
 * Finds the names of emoji between colons, finished and being typed. Pure.
 *
 * @typedef {{start: number, q: string}} EmojiQuery  the index of the colon, and the name after it
 */
import { LINK_START, linkAt } from "./links.js";
import { CodeFinder, isInCode } from "./markup-code.js";
import { UNSPACED } from "./text.js";

const MIN_LENGTH = 2;
const MAX_LENGTH = 40;
/** Names such as "thumbs_up", "+1" and "man's shoe" without its space. */
const NAME = /^[\p{L}\p{M}\p{N}_+-][\p{L}\p{M}\p{N}_+.’'-]*$/u;
/** A character that makes the colon after it a part of a time, an address or a program. */
const BEFORE = /[\p{L}\p{M}\p{N}_:/@.\\-]$/u;
/** Such a character after the closing colon makes it one of a time or a program. */
const AFTER = /^[\p{L}\p{M}\p{N}_]/u;
/** Where code, a link or a name may begin. */
const MARK = new RegExp(`\`+|${LINK_START.source}|:`, "g");
const CLOSED_NAME = /:([^\s:]{1,40}):/y;
/** Characters before a name that decide whether it is one. */
const CONTEXT_LENGTH = 4;

/**
 * Return the name that begins with a colon before the caret, or null. In Chinese a colon often stands before other text, so
 * Chinese names need a space before theirs.
 * @param {string} text
 * @param {number} caret
 * @returns {EmojiQuery | null}
 */
export function emojiQueryAt(text, caret) {
  const before = text.slice(0, caret);
  const start = before.lastIndexOf(":");
  const q = before.slice(start + 1);
  const isUnspaced = UNSPACED.test(q);
  if (start < 0 || q.length < (isUnspaced ? 1 : MIN_LENGTH) || q.length > MAX_LENGTH || !NAME.test(q)) return null;
  const rest = before.slice(0, start);
  if (!mayFollow(rest, isUnspaced)) return null;
  const [word = ""] = /\S*$/u.exec(rest) ?? [];
  return LINK_START.test(word) || isInCode(rest) ? null : { start, q };
}

/**
 * Return the name whose closing colon stands right before the caret, or null.
 * @param {string} text
 * @param {number} caret
 * @returns {EmojiQuery | null}
 */
export function closedNameAt(text, caret) {
  return text[caret - 1] === ":" ? emojiQueryAt(text, caret - 1) : null;
}

/** Return what stands between colons in the text, which `replaceEmojiNames` may replace. @param {string} text */
export function possibleNames(text) {
  return Array.from(text.matchAll(/:([^\s:]{1,40})(?=:)/g), ([, name]) => name);
}

/**
 * Return the text with emoji in the place of the names between colons that stand alone, outside code and links.
 * @param {string} text
 * @param {(name: string) => string} emojiOf  returns "" for a name that stays
 */
export function replaceEmojiNames(text, emojiOf) {
  const code = new CodeFinder(text);
  let result = "";
  let end = 0;
  MARK.lastIndex = 0;
  for (let match = MARK.exec(text); match; match = MARK.exec(text)) {
    const { 0: mark, index } = match;
    if (mark[0] === "`") MARK.lastIndex = code.at(index)?.end ?? code.runEnd(index);
    else if (mark !== ":") MARK.lastIndex = linkAt(text, index)?.end ?? MARK.lastIndex;
    else {
      const before = result.slice(-CONTEXT_LENGTH) + text.slice(Math.max(end, index - CONTEXT_LENGTH), index);
      const found = nameAt(text, index, before);
      const emoji = found && emojiOf(found.name);
      if (!found || !emoji) continue;
      result += text.slice(end, index) + emoji;
      end = found.end;
      MARK.lastIndex = end;
    }
  }
  return result + text.slice(end);
}

/**
 * Return the closed name that begins with the colon at `start`, or null.
 * @param {string} text
 * @param {number} start
 * @param {string} before  the last characters before the name, in which earlier names are emoji
 */
function nameAt(text, start, before) {
  CLOSED_NAME.lastIndex = start;
  const name = CLOSED_NAME.exec(text)?.[1] ?? "";
  if (!NAME.test(name) || !mayFollow(before, UNSPACED.test(name))) return null;
  const end = start + name.length + 2;
  const after = text.slice(end, end + 2);
  return AFTER.test(after) && !UNSPACED.test([...after][0]) ? null : { name, end };
}

/** @param {string} before the colon @param {boolean} isUnspaced  the name is of a script without spaces */
function mayFollow(before, isUnspaced) {
  const isAfterUnspaced = UNSPACED.test([...before.slice(-2)].pop() ?? "");
  return isUnspaced ? !/\S$/u.test(before) : !BEFORE.test(before) || isAfterUnspaced;
}
