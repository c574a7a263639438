/**
 * Where a message holds what was asked for, as the server's search reads it: whole words in any case and width, of which
 * the last may be unfinished; Chinese, Japanese and Korean wherever the characters stand together. Pure.
 *
 * @typedef {{text: string, hit: boolean}} Stretch
 * @typedef {{plain: string, from: number[], to: number[]}} Folded  the text as it is compared, and where each of its
 *   characters begins and ends in the text
 */

const ASIAN = "\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const RUN = new RegExp(`(?<asian>[${ASIAN}]+)|[[\\p{L}\\p{N}\\p{Mn}\\p{Mc}]--[${ASIAN}]]+|\\p{So}`, "gv");
const UNSEEN = /[\u00ad\u200b-\u200f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
/** Characters shown before the first hit, and in all: a long message is shown where it was found. */
const BEFORE = 40;
const LONGEST = 280;

/** The part of the text around the first hit, cut into what was asked for and what is not. @param {string} text @param {string} q @returns {Stretch[]} */
export function excerpt(text, q) {
  const folded = fold(text);
  const hits = hitsOf(folded, q);
  const starts = [...new Set(folded.from)];
  const first = hits[0]?.[0] ?? 0;
  const from = first > BEFORE ? (starts.find((start) => start >= first - BEFORE) ?? first) : 0;
  const to = starts.find((start) => start >= from + LONGEST) ?? text.length;
  const found = [];
  let done = from;
  for (const [start, end] of hits) {
    if (start >= to) break;
    if (start > done) found.push({ text: text.slice(done, start), hit: false });
    found.push({ text: text.slice(start, Math.min(end, to)), hit: true });
    done = Math.min(end, to);
  }
  if (done < to) found.push({ text: text.slice(done, to), hit: false });
  if (from > 0) found.unshift({ text: "…", hit: false });
  if (to < text.length) found.push({ text: "…", hit: false });
  return found;
}

/** From where to where, in order and apart from each other. @param {Folded} folded @param {string} q @returns {[number, number][]} */
function hitsOf({ plain, from, to }, q) {
  const runs = [...fold(q).plain.matchAll(RUN)];
  const asked = runs.map(({ 0: run, groups }, at) => ({ run, asian: Boolean(groups?.asian), begins: at === runs.length - 1 }));
  /** @type {[number, number][]} */
  const hits = [];
  for (const { 0: run, index, groups } of plain.matchAll(RUN)) {
    for (const one of asked) {
      if (one.asian !== Boolean(groups?.asian)) continue;
      if (one.asian) {
        for (let at = run.indexOf(one.run); at >= 0; at = run.indexOf(one.run, at + 1)) hits.push([index + at, index + at + one.run.length]);
      } else if (run === one.run || (one.begins && run.startsWith(one.run))) hits.push([index, index + one.run.length]);
    }
  }
  hits.sort(([a], [b]) => a - b);
  /** @type {[number, number][]} */
  const apart = [];
  for (const [start, end] of hits.map(([start, end]) => /** @type {[number, number]} */ ([from[start], to[end - 1]]))) {
    const last = apart.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}

/** @param {string} text @returns {Folded} */
function fold(text) {
  let plain = "";
  /** @type {number[]} */ const from = [];
  /** @type {number[]} */ const to = [];
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    // Both ways, so that ß and ss are the same.
    const folded = segment.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC").replace(UNSEEN, "");
    plain += folded;
    for (let count = folded.length; count > 0; count--) {
      from.push(index);
      to.push(index + segment.length);
    }
  }
  return { plain, from, to };
}
