/**
 * Finds the parts of a message that match a search query, by the rules of the server's search: whole words in any case
 * and width and with or without accents, of which the last may be unfinished; scripts without spaces between words, such
 * as Chinese and Thai, as any sequence of characters. Pure.
 *
 * @typedef {{text: string, isMatch: boolean}} Fragment
 * @typedef {{text: string, starts: number[], ends: number[]}} FoldedText  the text in the form that is compared, and for
 *   each of its characters the start and end in the original text
 */

import { graphemes } from "./graphemes.js";

const UNSPACED =
  "\\u0e01-\\u0e3a\\u0e40-\\u0e4e\\u0e50-\\u0e59\\u0e81-\\u0edf\\u1000-\\u1049\\u1050-\\u109d\\u1780-\\u17d3\\u17d7\\u17dc-\\u17e9\\ua9e0-\\ua9fe\\uaa60-\\uaa76\\uaa7a-\\uaa7f" +
  "\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const TERM = new RegExp(`(?<unspaced>[${UNSPACED}]+)|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{Mn}\\p{Mc}])+|\\p{So}`, "gu");
const INVISIBLE = /[\u00ad\u200b-\u200f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
const MAY_HAVE_ACCENTS = /[\u00c0-\u052f\u0591-\u06ff\u1ab0-\u1aff\u1d00-\u1fff]/;
const ACCENTS =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff]/g;
/** Letters with a stroke, which Unicode does not take apart. @type {Record<string, string>} */
const PLAIN_LETTERS = { đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ø: "o", ŧ: "t", æ: "ae", œ: "oe" };
const OPERATOR = /(?:^|\s)(?:has:(?:file|link)|is:thread|(?:from|in):(?:"[^"]+"|[^\s"]\S*)|(?:before|after|on):(?:today|yesterday|\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?))(?!\S)/giu;
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
  const queryTerms = [...fold(q.replace(OPERATOR, " ")).text.matchAll(TERM)];
  const terms = queryTerms.map(({ 0: term, groups }, index) => ({
    term, isUnspaced: Boolean(groups?.unspaced), isLast: index === queryTerms.length - 1,
  }));
  /** @type {[number, number][]} */
  const matches = [];
  for (const { 0: word, index, groups } of text.matchAll(TERM)) {
    for (const { term, isUnspaced, isLast } of terms) {
      if (isUnspaced !== Boolean(groups?.unspaced)) continue;
      if (isUnspaced) {
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
    const folded = withoutAccents(upper.toLowerCase().normalize("NFKC")).replace(INVISIBLE, "");
    text += folded;
    for (let count = folded.length; count > 0; count--) {
      starts.push(index);
      ends.push(index + segment.length);
    }
    index += segment.length;
  }
  return { text, starts, ends };
}

/** @param {string} text */
function withoutAccents(text) {
  if (!MAY_HAVE_ACCENTS.test(text)) return text;
  const bare = text.normalize("NFD").replace(ACCENTS, "");
  return bare.replace(/[đðħıłøŧæœ]/g, (letter) => PLAIN_LETTERS[letter]).normalize("NFC");
}
