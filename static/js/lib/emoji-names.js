/**
 * Finds the name of an emoji that is being typed between colons. Pure.
 *
 * @typedef {{start: number, q: string}} EmojiQuery  the index of the colon, and the name after it
 */
import { LINK_START } from "./links.js";
import { isInCode } from "./markup-code.js";
import { UNSPACED } from "./text.js";

const MIN_LENGTH = 2;
const MAX_LENGTH = 40;
/** Names such as "thumbs_up", "+1" and "man's shoe" without its space. */
const NAME = /^[\p{L}\p{M}\p{N}_+-][\p{L}\p{M}\p{N}_+.’'-]*$/u;
/** A character that makes the colon after it a part of a time, an address or a program. */
const BEFORE = /[\p{L}\p{M}\p{N}_:/@.\\-]$/u;

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
  const isAfterUnspaced = UNSPACED.test([...rest.slice(-2)].pop() ?? "");
  if (isUnspaced ? /\S$/u.test(rest) : BEFORE.test(rest) && !isAfterUnspaced) return null;
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
