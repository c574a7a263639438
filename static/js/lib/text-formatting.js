/**
 * Formats what is selected in a text: adds the marks of the message's Markdown, or removes them. Pure.
 *
 * @typedef {"bold" | "italic" | "strike" | "code" | "quote" | "list" | "link"} Format
 * @typedef {{from: number, to: number, insert: string, start: number, end: number}} TextEdit  the range that `insert`
 *   replaces, and the selection after it
 */
import { UNSPACED } from "./text.js";

const MARKS = { bold: "**", italic: "*", strike: "~~" };
const LINE_MARKS = { quote: "> ", list: "- " };
/** Marks of quotes and lists at the start of a line. */
const LINE_START = /^\s*(?:(?:>|[-*]|\d{1,3}\.) +)*/;
const LIST_LINE = /^( *)([-*]|\d{1,3}\.)( +)(.*)$/;
const WORD = /[\p{L}\p{M}\p{N}]/u;
const ADDRESS = /^(?:https?:\/\/|mailto:)\S+$/i;
const NEW_ADDRESS = "https://";

/**
 * Return the edit that formats the selection, or removes the format that it has.
 * @param {string} text
 * @param {number} start of the selection
 * @param {number} end
 * @param {Format} format
 * @returns {TextEdit}
 */
export function formatSelection(text, start, end, format) {
  if (format === "quote" || format === "list") return markLines(text, start, end, LINE_MARKS[format]);
  if (format === "link") return makeLink(text, start, end);
  if (format === "code") return makeCode(text, start, end);
  return markWords(text, start, end, MARKS[format]);
}

/**
 * Return the edit that begins a new line and goes on with the list at the caret, or ends it after an empty item; null
 * outside of lists.
 * @param {string} text
 * @param {number} caret
 * @returns {TextEdit | null}
 */
export function continueList(text, caret) {
  const lineStart = text.lastIndexOf("\n", caret - 1) + 1;
  const [, indent = "", mark = "", space = "", rest = ""] = LIST_LINE.exec(text.slice(lineStart, caret)) ?? [];
  if (!mark) return null;
  if (!rest.trim()) return edit(lineStart, caret, "", lineStart);
  const next = mark.endsWith(".") ? `${Number(mark.slice(0, -1)) + 1}.` : mark;
  const insert = `\n${indent}${next}${space}`;
  return edit(caret, caret, insert, caret + insert.length);
}

/**
 * @param {number} from
 * @param {number} to
 * @param {string} insert
 * @param {number} start
 * @param {number} [end]
 * @returns {TextEdit}
 */
function edit(from, to, insert, start, end = start) {
  return { from, to, insert, start, end };
}

/**
 * Mark each line of the selection, whole words and no spaces at their edges.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {string} mark
 * @returns {TextEdit}
 */
function markWords(text, start, end, mark) {
  const [from, to] = start === end ? [start, end] : wholeWords(text, ...withoutSpaces(text, start, end));
  const selected = text.slice(from, to);
  if (hasMark(runLength(text, from - 1, -1, mark), runLength(text, to, 1, mark), mark)) {
    return edit(from - mark.length, to + mark.length, selected, from - mark.length, to - mark.length);
  }
  if (!selected) return edit(from, to, mark + mark, from + mark.length);
  const lines = selected.split("\n").map((line) => {
    const [head] = LINE_START.exec(line) ?? [""];
    return { head, body: line.slice(head.length) };
  });
  const filled = lines.filter(({ body }) => body.trim());
  const isMarked = filled.every(({ body }) => isWrapped(body, mark));
  const insert = lines.map(({ head, body }) => {
    if (!body.trim()) return head + body;
    return head + (isMarked ? body.slice(mark.length, -mark.length) : mark + body.trimEnd() + mark);
  }).join("\n");
  // Of one line the text stays selected, so that the same again removes the mark.
  const inset = lines.length === 1 && !isMarked ? mark.length : 0;
  return edit(from, to, insert, from + lines[0].head.length * Number(inset > 0) + inset, from + insert.length - inset);
}

/** @param {string} text @param {number} start @param {number} end @returns {TextEdit} */
function makeCode(text, start, end) {
  const [from, to] = withoutSpaces(text, start, end);
  const selected = text.slice(from, to);
  if (selected.includes("\n")) {
    const before = from > 0 && text[from - 1] !== "\n" ? "\n" : "";
    const after = to < text.length && text[to] !== "\n" ? "\n" : "";
    const fence = selected.includes("```") ? "````" : "```";
    const head = `${before}${fence}\n`;
    return edit(from, to, `${head}${selected}\n${fence}${after}`, from + head.length, from + head.length + selected.length);
  }
  const [open, close] = selected.includes("`") ? ["`` ", " ``"] : ["`", "`"];
  if (text.slice(0, from).endsWith(open) && text.slice(to).startsWith(close)) {
    return edit(from - open.length, to + close.length, selected, from - open.length, to - open.length);
  }
  if (selected.length > 2 && isWrapped(selected, "`") && !selected.slice(1, -1).includes("`")) {
    return edit(from, to, selected.slice(1, -1), from, to - 2);
  }
  return edit(from, to, open + selected + close, from + open.length, to + open.length);
}

/** @param {string} text @param {number} start @param {number} end @returns {TextEdit} */
function makeLink(text, start, end) {
  const [from, to] = withoutSpaces(text, start, end);
  const selected = text.slice(from, to).replaceAll("\n", " ");
  if (ADDRESS.test(selected)) return edit(from, to, `[](${selected})`, from + 1);
  const insert = `[${selected}](${NEW_ADDRESS})`;
  if (!selected) return edit(from, to, insert, from + 1);
  const address = from + selected.length + 3;
  return edit(from, to, insert, address, address + NEW_ADDRESS.length);
}

/**
 * Mark all lines that the selection touches.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {string} mark
 * @returns {TextEdit}
 */
function markLines(text, start, end, mark) {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", Math.max(start, end - Number(text[end - 1] === "\n")));
  const to = lineEnd < 0 ? text.length : lineEnd;
  const lines = text.slice(from, to).split("\n");
  const isMarked = lines.every((line) => line.startsWith(mark));
  const insert = lines.map((line) => (isMarked ? line.slice(mark.length) : mark + line)).join("\n");
  if (start !== end) return edit(from, to, insert, from, from + insert.length);
  return edit(from, to, insert, Math.max(from, start + (isMarked ? -mark.length : mark.length)));
}

/**
 * Tell whether runs of the mark's character at both sides contain the mark: one asterisk is italic, two are bold, three are
 * both.
 * @param {number} before  length of the run
 * @param {number} after
 * @param {string} mark
 */
function hasMark(before, after, mark) {
  const length = Math.min(before, after);
  return mark[0] === "*" ? length <= 3 && (length & mark.length) !== 0 : length === mark.length;
}

/** @param {string} text @param {string} mark */
function isWrapped(text, mark) {
  const isLonger = text.length > 2 * mark.length;
  return isLonger && hasMark(runLength(text, 0, 1, mark), runLength(text, text.length - 1, -1, mark), mark);
}

/**
 * Return the length of a run of the mark's character.
 * @param {string} text
 * @param {number} index where it begins
 * @param {1 | -1} step
 * @param {string} mark
 */
function runLength(text, index, step, mark) {
  let length = 0;
  while (text[index + length * step] === mark[0]) length++;
  return length;
}

/** @param {string} text @param {number} start @param {number} end @returns {[number, number]} */
function withoutSpaces(text, start, end) {
  let [from, to] = [start, end];
  while (from < to && /\s/.test(text[from])) from++;
  while (to > from && /\s/.test(text[to - 1])) to--;
  return [from, to];
}

/**
 * Extend the range to whole words: within a word, marks are text.
 * @param {string} text
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]}
 */
function wholeWords(text, from, to) {
  while (from > 0 && isWord(text[from - 1]) && isWord(text[from])) from--;
  while (to < text.length && isWord(text[to - 1]) && isWord(text[to])) to++;
  return [from, to];
}

/** Tell whether the character is of a word in a script with spaces. @param {string} char */
function isWord(char) {
  return WORD.test(char) && !UNSPACED.test(char);
}
