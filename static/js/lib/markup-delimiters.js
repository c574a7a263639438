/**
 * Pairs the marks of **bold**, *italic*, _italic_ and ~~strike~~. Pure.
 *
 * @import { Inline, Style } from "./markup-inline.js"
 * @typedef {{bits: number, canOpen: boolean, canClose: boolean}} Marks  what a run of one mark can be: bit 1 is the single
 *   mark, bit 2 the double one
 * @typedef {{char: string, bits: number, index: number, hasContent: boolean}} Opener  `index`: of the node with its marks;
 *   `hasContent`: true if more than signs follow it
 */
import { UNSPACED } from "./text.js";

const SINGLE = 1;
const DOUBLE = 2;
/** @type {Record<string, {allowed: number, single: Style, double: Style}>} */
const KINDS = {
  "*": { allowed: SINGLE | DOUBLE, single: "emphasis", double: "strong" },
  // Two of them are part of names such as __init__.
  _: { allowed: SINGLE, single: "emphasis", double: "emphasis" },
  "~": { allowed: DOUBLE, single: "strike", double: "strike" },
};
const MAX_DEPTH = 6;
const SPACE = /\s/u;
const WORD = /[\p{L}\p{M}\p{N}]/u;
/** On both sides of a mark they make it a part of a face or a path: ^_^, ./*.js */
const SIGN = /[-^><=.;:,+@#$%&|/\\!?'"]/;
/** After a single asterisk they make it a part of a file pattern or the end of a comment. */
const AFTER_ASTERISK = /[./]/;
/** After an asterisk they make it a key on a telephone's emoji. */
const KEYCAP = /[\ufe0f\u20e3]/;

/**
 * Tell what the run of marks between the two indexes can be by what stands around it.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {Marks}
 */
export function marksAt(text, start, end) {
  const { allowed } = KINDS[text[start]];
  const bits = end - start <= (SINGLE | DOUBLE) ? end - start : 0;
  const before = [...text.slice(Math.max(0, start - 2), start)].pop() ?? " ";
  const after = String.fromCodePoint(text.codePointAt(end) ?? 0x20);
  if (!bits || (bits & allowed) !== bits || (SIGN.test(before) && SIGN.test(after)) || KEYCAP.test(after)) {
    return { bits: 0, canOpen: false, canClose: false };
  }
  const isWithinWord = WORD.test(before) && WORD.test(after);
  // Underscores join words in every script.
  const isWithin = isWithinWord && (text[start] === "_" || !(UNSPACED.test(before) || UNSPACED.test(after)));
  const isPattern = bits === SINGLE && AFTER_ASTERISK.test(after);
  return { bits, canOpen: !isWithin && !isPattern && !SPACE.test(after), canClose: !isWithin && !SPACE.test(before) };
}

/** The marks that are still open while the nodes of a paragraph are made. */
export class DelimiterStack {
  /** @type {Opener[]} */ #openers = [];
  /** The number of openers by mark, such as "**". @type {Map<string, number>} */ #counts = new Map();

  /** @param {Inline[]} nodes  to which marks, and formatted nodes in place of them, are added */
  constructor(nodes) {
    this.nodes = nodes;
  }

  /** Note that more than signs follow the marks that are open. */
  markContent() {
    const last = this.#openers.at(-1);
    if (last) last.hasContent = true;
  }

  /** Return the marks that are open, each once. */
  openMarks() {
    return [...this.#counts].filter(([, count]) => count > 0).map(([mark]) => mark);
  }

  /** Forget marks that are open from this node on: they remain text. @param {number} [fromIndex] */
  clear(fromIndex = 0) {
    while (this.#openers.length && this.#openers[this.#openers.length - 1].index >= fromIndex) this.#pop();
  }

  /**
   * Close and open what a run of marks can.
   * @param {Marks} marks
   * @param {string} run
   * @returns {number} the index from which nodes have changed
   */
  handle({ bits, canOpen, canClose }, run) {
    const char = run[0];
    let rest = bits;
    let changedFrom = this.nodes.length;
    while (canClose && rest) {
      const used = this.#close(char, rest);
      if (!used) break;
      rest &= ~used;
      changedFrom = this.nodes.length - 1;
    }
    if (!rest && bits) return changedFrom;
    this.nodes.push({ kind: "text", text: bits ? char.repeat(rest) : run });
    if (canOpen) this.#push({ char, bits: rest, index: this.nodes.length - 1, hasContent: false });
    return changedFrom;
  }

  /**
   * Format what follows the latest opener of one of these marks. Return the mark's bit, 0 if none is open.
   * @param {string} char
   * @param {number} bits
   */
  #close(char, bits) {
    if (![SINGLE, DOUBLE].some((bit) => bits & bit && this.#count(char, bit))) return 0;
    let opener = this.#openers[this.#openers.length - 1];
    while (opener.char !== char || !(opener.bits & bits)) {
      this.#pop();
      opener = this.#openers[this.#openers.length - 1];
    }
    const bit = opener.bits & bits & SINGLE ? SINGLE : DOUBLE;
    if (!opener.hasContent) return 0;
    const children = this.nodes.slice(opener.index + 1);
    const depth = children.reduce((most, node) => ("depth" in node ? Math.max(most, node.depth) : most), 0) + 1;
    this.#pop();
    if (depth > MAX_DEPTH) return 0;
    this.nodes.length = opener.index;
    const rest = opener.bits & ~bit;
    if (rest) {
      this.nodes.push({ kind: "text", text: char.repeat(rest) });
      this.#push({ char, bits: rest, index: opener.index, hasContent: true });
    }
    this.nodes.push({ kind: KINDS[char][bit === SINGLE ? "single" : "double"], depth, children });
    this.markContent();
    return bit;
  }

  /** @param {Opener} opener */
  #push(opener) {
    this.#openers.push(opener);
    this.#countMarks(opener, 1);
  }

  /** Remove the latest opener. Its content also follows the one before. */
  #pop() {
    const opener = this.#openers.pop();
    if (!opener) return;
    this.#countMarks(opener, -1);
    if (opener.hasContent) this.markContent();
  }

  /** @param {Opener} opener @param {1 | -1} by */
  #countMarks({ char, bits }, by) {
    for (const bit of [SINGLE, DOUBLE]) if (bits & bit) this.#counts.set(char.repeat(bit), this.#count(char, bit) + by);
  }

  /** @param {string} char @param {number} bit */
  #count(char, bit) {
    return this.#counts.get(char.repeat(bit)) ?? 0;
  }
}
