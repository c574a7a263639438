/**
 * Finds the names of custom emoji in text, such as `:shipped:`. Pure.
 *
 * @typedef {{kind: "text", text: string} | {kind: "emoji", name: string, text: string}} Segment
 */
import { UNSPACED } from "./text.js";

/** As the server checks names: see chat/custom_emoji_names.py. */
const NAME = /:([\p{L}\p{N}][\p{L}\p{N}_+-]{0,29}):/gu;
/** After such a character, a colon belongs to a time or a program. */
const WORD_CHARACTER = /[\p{L}\p{N}_]$/u;
/** Counts as one emoji, whatever stands there. */
const STAND_IN = "😀";

/**
 * Split the text into names of custom emoji and what stands between them.
 * @param {string} text
 * @param {(name: string) => boolean} isKnown
 * @returns {Segment[]}
 */
export function splitEmojiNames(text, isKnown) {
  /** @type {Segment[]} */
  const segments = [];
  let end = 0;
  NAME.lastIndex = 0;
  for (let match = NAME.exec(text); match; match = NAME.exec(text)) {
    const name = match[1].toLowerCase();
    const before = text.slice(end, match.index);
    if (!isKnown(name) || isWithinWord(before)) {
      // Its last colon may be the first one of a name.
      NAME.lastIndex -= 1;
      continue;
    }
    if (before) segments.push({ kind: "text", text: before });
    segments.push({ kind: "emoji", name, text: match[0] });
    end = NAME.lastIndex;
  }
  if (end < text.length) segments.push({ kind: "text", text: text.slice(end) });
  return segments;
}

/**
 * Return the text with a standard emoji in the place of each custom one, to find out whether it consists of emoji only.
 * @param {string} text
 * @param {(name: string) => boolean} isKnown
 */
export function withStandIns(text, isKnown) {
  return splitEmojiNames(text, isKnown).map((segment) => (segment.kind === "emoji" ? STAND_IN : segment.text)).join("");
}

/** @param {string} before the colon */
function isWithinWord(before) {
  return WORD_CHARACTER.test(before) && !UNSPACED.test([...before.slice(-2)].pop() ?? "");
}
