/**
 * Parses quotes, lists and code blocks of a message; the caller parses the paragraphs between them. Pure, and linear in
 * the length of the text: each of a few levels reads it once.
 *
 * @import { CodeBlock } from "./markup-code.js"
 * @import { Inline } from "./markup-inline.js"
 * @typedef {CodeBlock | {kind: "quote", children: MarkupNode[]}
 *   | {kind: "list", isOrdered: boolean, start: number, items: MarkupNode[][]}} Block  `start`: the first item's number
 * @typedef {Inline | Block} MarkupNode
 * @typedef {{node: Block | null, end: number}} FoundContainer  null: the lines up to `end` only look like one
 * @typedef {{indent: number, width: number, number: number, rest: string}} Marker  of a list's item: spaces before it, the
 *   width with spaces, its number (0: a bullet), and the rest of its line
 */
import { CodeFinder } from "./markup-code.js";

/** Quotes and lists within each other; beyond it their marks are shown as text. */
const MAX_DEPTH = 5;
/** More indented lines belong to the item above them. */
const CHILD_INDENT = 2;
const QUOTED_LINE = /^>(?= |>|$)/;
const EMPTY_QUOTE = /^[>\s]*$/;
const MARKER = /^( *)(?:[-*]|(\d{1,3})\.) +(?=\S)/;
/** A line such as "* * *" that separates text. */
const SEPARATOR = /^[-*\s]*$/;

/**
 * @param {string} text
 * @param {(text: string) => Inline[]} parseInline  parses the text of a paragraph
 * @param {number} [depth] of quotes and lists around the text
 * @returns {MarkupNode[]}
 */
export function parseBlocks(text, parseInline, depth = 0) {
  const code = new CodeFinder(text);
  /** @type {MarkupNode[]} */
  const nodes = [];
  let paragraphStart = 0;
  let position = 0;
  let isLineStart = true;
  /** @param {Block} block @param {number} start @param {number} end */
  const add = (block, start, end) => {
    // Blank lines beside a block are not shown: it stands apart anyway.
    const paragraph = withoutBlankLines(text.slice(paragraphStart, start), paragraphStart > 0, true);
    if (paragraph) nodes.push(...parseInline(paragraph));
    nodes.push(block);
    paragraphStart = end;
  };
  while (position < text.length) {
    const container = isLineStart && depth < MAX_DEPTH ? containerAt(text, position, parseInline, depth) : null;
    if (container) {
      if (container.node) add(container.node, position, container.end);
      position = container.end;
      continue;
    }
    const lineEnd = endOfLine(text, position);
    const block = code.firstBlock(position, lineEnd);
    if (block?.node.kind === "code-block") add(block.node, block.start, block.end);
    isLineStart = !block || text[block.end] === "\n";
    position = block ? block.end + Number(isLineStart) : lineEnd + 1;
  }
  const paragraph = withoutBlankLines(text.slice(paragraphStart), paragraphStart > 0, false);
  return paragraph ? [...nodes, ...parseInline(paragraph)] : nodes;
}

/** @param {string} text @param {number} position of a line's start */
function endOfLine(text, position) {
  const end = text.indexOf("\n", position);
  return end < 0 ? text.length : end;
}

/** @param {string} text @param {boolean} atStart @param {boolean} atEnd */
function withoutBlankLines(text, atStart, atEnd) {
  let start = 0;
  let end = text.length;
  while (atStart && text[start] === "\n") start++;
  while (atEnd && end > start && text[end - 1] === "\n") end--;
  return text.slice(start, end);
}

/**
 * Return the quote or list whose first line begins at `position`, or null.
 * @param {string} text
 * @param {number} position
 * @param {(text: string) => Inline[]} parseInline
 * @param {number} depth
 * @returns {FoundContainer | null}
 */
function containerAt(text, position, parseInline, depth) {
  const parseChildren = (/** @type {string[]} */ lines) => parseBlocks(lines.join("\n"), parseInline, depth + 1);
  return quoteAt(text, position, parseChildren) ?? listAt(text, position, parseChildren);
}

/**
 * @param {string} text
 * @param {number} position
 * @param {(lines: string[]) => MarkupNode[]} parseChildren
 * @returns {FoundContainer | null}
 */
function quoteAt(text, position, parseChildren) {
  /** @type {string[]} */
  const lines = [];
  let end = position;
  while (end < text.length && text[end] === ">") {
    const lineEnd = endOfLine(text, end);
    const line = text.slice(end, lineEnd);
    if (!QUOTED_LINE.test(line)) break;
    lines.push(line.slice(line[1] === " " ? 2 : 1));
    end = lineEnd + 1;
  }
  if (lines.length === 0) return null;
  const isEmpty = lines.every((line) => EMPTY_QUOTE.test(line));
  return { node: isEmpty ? null : { kind: "quote", children: parseChildren(lines) }, end };
}

/**
 * @param {string} text
 * @param {number} position
 * @param {(lines: string[]) => MarkupNode[]} parseChildren
 * @returns {FoundContainer | null}
 */
function listAt(text, position, parseChildren) {
  const first = markerOf(lineAt(text, position));
  if (!first) return null;
  /** @type {string[][]} */
  const items = [];
  let { width } = first;
  let end = position;
  while (end < text.length) {
    const line = lineAt(text, end);
    const marker = markerOf(line);
    const indent = indentOf(line);
    if (indent >= first.indent + CHILD_INDENT && items.length) items[items.length - 1].push(line.slice(Math.min(indent, width)));
    else if (marker && marker.indent >= first.indent && marker.number > 0 === first.number > 0) {
      items.push([marker.rest]);
      ({ width } = marker);
    } else break;
    end = endOfLine(text, end) + 1;
  }
  const children = items.map(parseChildren);
  return { node: { kind: "list", isOrdered: first.number > 0, start: first.number, items: children }, end };
}

/** Return the line, with spaces for the tabs of its indentation. @param {string} text @param {number} position */
function lineAt(text, position) {
  const line = text.slice(position, endOfLine(text, position));
  return line.replace(/^[ \t]+/, (indentation) => indentation.replaceAll("\t", "    "));
}

/** Return the number of spaces before a line's text; of a blank line none count. @param {string} line */
function indentOf(line) {
  return Math.max(0, line.search(/[^ ]/));
}

/** @param {string} line @returns {Marker | null} */
function markerOf(line) {
  const match = MARKER.exec(line);
  if (!match || SEPARATOR.test(line)) return null;
  const [whole, spaces, digits] = match;
  // No list begins with 0; 0 stands for a bullet.
  if (digits && Number(digits) === 0) return null;
  return { indent: spaces.length, width: whole.length, number: Number(digits ?? 0), rest: line.slice(whole.length) };
}
