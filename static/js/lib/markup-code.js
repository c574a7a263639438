/**
 * Finds `code` and fenced code blocks. As many backticks as begin code end it; code in a line stays in its line. Pure, and
 * linear in the length of the text.
 *
 * @typedef {{kind: "code", text: string}} Code
 * @typedef {{kind: "code-block", text: string, language: string}} CodeBlock  `language`: as it is written, or ""
 * @typedef {{start: number, end: number, node: Code | CodeBlock}} FoundCode  where it is, with its backticks
 */
const RUN = /`+/g;
const FENCE_LENGTH = 3;
const MAX_INLINE_LENGTH = 2;
/** The language may follow an opening fence in its line. */
const LANGUAGE = /^([\w+#.-]{0,30})[ \t]*\n/;

/** Tell whether what is typed after the text would be code, closed or not. @param {string} text */
export function isInCode(text) {
  let open = 0;
  for (const { 0: mark, index } of text.matchAll(/`+|\n/g)) {
    if (mark === "\n") open = open > MAX_INLINE_LENGTH ? open : 0;
    else if (open === 0) open = text[index - 1] === "\\" ? 0 : mark.length;
    else if (open > MAX_INLINE_LENGTH ? mark.length >= open : mark.length === open) open = 0;
  }
  return open > 0;
}

export class CodeFinder {
  /** The index of each run of backticks by its start. @type {Map<number, number>} */
  #indexByStart = new Map();
  /** @type {number[]} */ #starts = [];
  /** @type {number[]} */ #lengths = [];
  /** For each run, the next one of the same length, and the next one that is not shorter. @type {number[]} */ #nextEqual = [];
  /** @type {number[]} */ #nextFence = [];

  /** @param {string} text */
  constructor(text) {
    this.text = text;
    for (const { 0: run, index } of text.matchAll(RUN)) {
      this.#indexByStart.set(index, this.#starts.length);
      this.#starts.push(index);
      this.#lengths.push(run.length);
    }
    /** @type {Map<number, number>} */
    const seen = new Map();
    /** Runs of decreasing length towards the end of the array, each the next one that is not shorter than those before it. */
    const longer = /** @type {number[]} */ ([]);
    for (let index = this.#starts.length - 1; index >= 0; index--) {
      const length = this.#lengths[index];
      this.#nextEqual[index] = seen.get(length) ?? -1;
      seen.set(length, index);
      while (longer.length && this.#lengths[longer[longer.length - 1]] < length) longer.pop();
      this.#nextFence[index] = longer.at(-1) ?? -1;
      longer.push(index);
    }
  }

  /**
   * Return the code that begins at `start`, where a run of backticks begins, or null.
   * @param {number} start
   * @returns {FoundCode | null}
   */
  at(start) {
    const index = this.#indexByStart.get(start);
    if (index === undefined || this.text[start - 1] === "\\") return null;
    const length = this.#lengths[index];
    return length <= MAX_INLINE_LENGTH ? this.#inline(index) : this.#block(index);
  }

  /** Return the first code block that begins between the two indexes, or null. @param {number} from @param {number} to */
  firstBlock(from, to) {
    let start = this.text.indexOf("`", from);
    while (start >= 0 && start < to) {
      const found = this.at(start);
      if (found?.node.kind === "code-block") return found;
      start = this.text.indexOf("`", found?.end ?? this.runEnd(start));
    }
    return null;
  }

  /** @param {number} start of a run of backticks */
  runEnd(start) {
    const index = this.#indexByStart.get(start);
    return start + (index === undefined ? 1 : this.#lengths[index]);
  }

  /** @param {number} index of the opening run @returns {FoundCode | null} */
  #inline(index) {
    const closing = this.#nextEqual[index];
    if (closing < 0) return null;
    const length = this.#lengths[index];
    const content = this.text.slice(this.#starts[index] + length, this.#starts[closing]);
    if (content.includes("\n")) return null;
    // Double backticks allow a backtick at the edge, apart from them by a space.
    const isPadded = length > 1 && content.startsWith(" ") && content.endsWith(" ") && content.trim() !== "";
    const text = isPadded ? content.slice(1, -1) : content;
    return { start: this.#starts[index], end: this.#starts[closing] + length, node: { kind: "code", text } };
  }

  /** @param {number} index of the opening run @returns {FoundCode | null} */
  #block(index) {
    const closing = this.#nextFence[index];
    if (closing < 0 || this.#lengths[closing] < FENCE_LENGTH) return null;
    const content = this.text.slice(this.#starts[index] + this.#lengths[index], this.#starts[closing]);
    const [head = "", language = ""] = LANGUAGE.exec(content) ?? [];
    const text = content.slice(head.length).replace(/\n$/, "");
    if (text.trim() === "") return null;
    const end = this.#starts[closing] + this.#lengths[closing];
    return { start: this.#starts[index], end, node: { kind: "code-block", text, language } };
  }
}
