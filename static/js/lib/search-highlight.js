/**
 * Finds the parts of a message that match a search query, by the rules of the server's search: whole words in any case
 * and width, of which the last may be unfinished; Chinese, Japanese and Korean as any sequence of characters. Pure.
 *
 * @typedef {{text: string, isMatch: boolean}} Fragment
 * @typedef {{text: string, starts: number[], ends: number[]}} FoldedText  the text in the form that is compared, and for
 *   each of its characters the start and end in the original text
 */

import { graphemes } from "./graphemes.js";

const CJK =
  "\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const TERM = new RegExp(`(?<cjk>[${CJK}]+)|(?:(?![${CJK}])[\\p{L}\\p{N}\\p{Mn}\\p{Mc}])+|\\p{So}`, "gu");
const INVISIBLE = /[\u00ad\u200b-\u200f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
/** Lengths in characters of the excerpt of a long message. */
const MAX_LENGTH_BEFORE_MATCH = 40;
const MAX_EXCERPT_LENGTH = 280;

/**
 * Return the part of the text around the first match, split into matches and the text between them.
 * @param {string} text
 * @param {string} q
 * @returns {Fragment[]}
 */
export function excerpt(text, q) {
  const folded = fold(text);
  const matches = findMatches(folded, q);
  const characterStarts = [...new Set(folded.starts)];
  const first = matches[0]?.[0] ?? 0;
  const isFar = first > MAX_LENGTH_BEFORE_MATCH;
  const start = isFar ? (characterStarts.find((index) => index >= first - MAX_LENGTH_BEFORE_MATCH) ?? first) : 0;
  const end = characterStarts.find((index) => index >= start + MAX_EXCERPT_LENGTH) ?? text.length;
  /** @type {Fragment[]} */
  const fragments = [];
  let done = start;
  for (const [matchStart, matchEnd] of matches) {
    if (matchStart >= end) break;
    if (matchStart > done) fragments.push({ text: text.slice(done, matchStart), isMatch: false });
    fragments.push({ text: text.slice(matchStart, Math.min(matchEnd, end)), isMatch: true });
    done = Math.min(matchEnd, end);
  }
  if (done < end) fragments.push({ text: text.slice(done, end), isMatch: false });
  if (start > 0) fragments.unshift({ text: "…", isMatch: false });
  if (end < text.length) fragments.push({ text: "…", isMatch: false });
  return fragments;
}

/**
 * Return start and end of each match in the original text, in order and without overlaps.
 * @param {FoldedText} folded
 * @param {string} q
 * @returns {[number, number][]}
 */
function findMatches({ text, starts, ends }, q) {
  const queryTerms = [...fold(q).text.matchAll(TERM)];
  const terms = queryTerms.map(({ 0: term, groups }, index) => ({
    term, isCjk: Boolean(groups?.cjk), isLast: index === queryTerms.length - 1,
  }));
  /** @type {[number, number][]} */
  const matches = [];
  for (const { 0: word, index, groups } of text.matchAll(TERM)) {
    for (const { term, isCjk, isLast } of terms) {
      if (isCjk !== Boolean(groups?.cjk)) continue;
      if (isCjk) {
        for (let at = word.indexOf(term); at >= 0; at = word.indexOf(term, at + 1)) {
          matches.push([index + at, index + at + term.length]);
        }
      } else if (word === term || (isLast && word.startsWith(term))) matches.push([index, index + term.length]);
    }
  }
  matches.sort(([a], [b]) => a - b);
  return mergeOverlaps(matches.map(([start, end]) => [starts[start], ends[end - 1]]));
}

/** @param {[number, number][]} ranges sorted by start @returns {[number, number][]} */
function mergeOverlaps(ranges) {
  /** @type {[number, number][]} */
  const merged = [];
  for (const [start, end] of ranges) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** @param {string} original @returns {FoldedText} */
function fold(original) {
  let text = "";
  /** @type {number[]} */ const starts = [];
  /** @type {number[]} */ const ends = [];
  let index = 0;
  for (const segment of graphemes(original)) {
    // Upper case first, so that ß and ss are equal.
    const upper = segment.normalize("NFKC").toUpperCase();
    const folded = upper.toLowerCase().normalize("NFKC").replace(INVISIBLE, "");
    text += folded;
    for (let count = folded.length; count > 0; count--) {
      starts.push(index);
      ends.push(index + segment.length);
    }
    index += segment.length;
  }
  return { text, starts, ends };
}
