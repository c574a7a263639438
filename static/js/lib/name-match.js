/** Ranks names by how well they match what the user types, for lists in which a name is found with few letters. Pure. */

/** Ranks, the best first: the whole name or its start, the start of a word, a part, and letters in this order. */
const START = 0;
const WORD_START = 1;
const PART = 2;
const LETTERS = 3;

const WORD_CHARACTER = /[\p{L}\p{N}]/u;

/**
 * Return the rank of a name, a smaller one for a better match; null if it does not match. Case, width of letters and
 * accents do not matter. A single letter must begin a word, except in Chinese and other scripts without spaces.
 * @param {string} name
 * @param {string} query
 * @returns {number | null}
 */
export function matchRank(name, query) {
  const text = normalize(name);
  const wanted = normalize(query).trim();
  if (text.startsWith(wanted)) return START;
  for (let index = text.indexOf(wanted); index > 0; index = text.indexOf(wanted, index + 1)) {
    if (!WORD_CHARACTER.test(text[index - 1])) return WORD_START;
  }
  if (text.includes(wanted)) return PART;
  return wanted.length > 1 && hasLetters(text, wanted) ? LETTERS : null;
}

/** Return the best rank among several names of one thing; null if none matches. @param {string[]} names @param {string} query */
export function bestRank(names, query) {
  const ranks = names.flatMap((name) => matchRank(name, query) ?? []);
  return ranks.length ? Math.min(...ranks) : null;
}

/** Tell whether the letters are in the text in their order, the first at the start of a word. @param {string} text @param {string} letters */
function hasLetters(text, letters) {
  const compact = [...letters].filter((letter) => letter !== " ");
  for (let start = text.indexOf(compact[0]); start >= 0; start = text.indexOf(compact[0], start + 1)) {
    if (start > 0 && WORD_CHARACTER.test(text[start - 1])) continue;
    let end = start;
    if (compact.every((letter) => (end = text.indexOf(letter, end) + 1) > 0)) return true;
  }
  return false;
}

/** @param {string} text */
function normalize(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
