/**
 * Parses what formats words within a paragraph: **bold**, *italic*, _italic_, ~~strike~~, `code`, links and mentions.
 * An address may stand in angle brackets. Marks within words of scripts with spaces, such as snake_case and 2*3*4, are text.
 * Pure, and linear in the length.
 *
 * @import { Code } from "./markup-code.js"
 * @import { Mention, Plain } from "./text.js"
 * @import { MentionNames } from "../net/state/message-mentions.js"
 * @typedef {"strong" | "emphasis" | "strike"} Style
 * @typedef {{kind: "link", text: string, href: string} | {kind: "labelled-link", href: string, host: string, children: Inline[]}}
 *   AnyLink  `host`: to be shown beside a label that names another one, or ""
 * @typedef {{kind: Style, depth: number, children: Inline[]}} Styled  `depth`: of the styles within it, itself included
 * @typedef {Plain | Mention | Code | AnyLink | Styled} Inline
 */
import { LINK_START, linkAt } from "./links.js";
import { CodeFinder } from "./markup-code.js";
import { DelimiterStack, marksAt } from "./markup-delimiters.js";
import { destinationAt, hiddenHost } from "./markup-links.js";
import { splitMentions } from "./text.js";
import { hasVisibleText } from "./visible-text.js";

const SPECIAL = new RegExp(`\`+|\\*+|_+|~+|\\\\|\\[|\\]|\\n[ \\t]*\\n|${LINK_START.source}`, "gi");
const ESCAPABLE = "*_~`[]";
const ESCAPABLE_AT_LINE_START = ">-";
/** Text that is more than the signs of which faces such as *-* consist. */
const CONTENT = /[^\s\-^<>=.;:,+@#&|/\\*_~'"()]/u;

/**
 * @param {string} text
 * @param {MentionNames} names
 * @returns {Inline[]}
 */
export function parseInline(text, names) {
  return withMentions(new InlineParser(text).parse(), names);
}

class InlineParser {
  /** @type {Inline[]} */ #nodes = [];
  #delimiters = new DelimiterStack(this.#nodes);
  /** Places of "[" that may begin a label: the index of the node after it. @type {number[]} */ #brackets = [];
  #end = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.code = new CodeFinder(text);
  }

  parse() {
    const { text } = this;
    SPECIAL.lastIndex = 0;
    for (let match = SPECIAL.exec(text); match; match = SPECIAL.exec(text)) {
      const { 0: mark, index } = match;
      this.#addText(text.slice(this.#end, index));
      this.#end = index;
      this.#handle(mark, index);
      if (this.#end === index) {
        this.#addText(mark);
        this.#end = index + mark.length;
      }
      SPECIAL.lastIndex = this.#end;
    }
    this.#addText(text.slice(this.#end));
    return this.#nodes;
  }

  /**
   * Handle what a special text may begin or end. Without a move of `#end` it remains text.
   * @param {string} mark
   * @param {number} index
   */
  #handle(mark, index) {
    const { text } = this;
    const next = index + mark.length;
    if (mark[0] === "`") {
      const code = this.code.at(index);
      if (code) this.#addNode(code.node.kind === "code" ? code.node : { kind: "text", text: code.node.text }, code.end);
    } else if ("*_~".includes(mark[0])) {
      const changedFrom = this.#delimiters.handle(marksAt(text, index, next), mark);
      while ((this.#brackets.at(-1) ?? 0) > changedFrom) this.#brackets.pop();
      this.#end = next;
    } else if (mark === "\\") {
      const char = text[next] ?? "";
      // The arm of ¯\_(ツ)_/¯ is no escape.
      if (text[index - 1] === "¯" || isEscapable(text, index, char)) {
        this.#addText(text[index - 1] === "¯" ? mark + char : char);
        this.#end = next + char.length;
      }
    } else if (mark === "[") {
      this.#addNode({ kind: "text", text: mark }, next);
      this.#brackets.push(this.#nodes.length);
    } else if (mark === "]") this.#closeLabel(next);
    else if (mark[0] === "\n") {
      this.#delimiters.clear();
      this.#brackets = [];
    } else {
      const link = linkAt(text, index, this.#delimiters.openMarks());
      if (link) this.#addLink(link, text[index - 1] === "<" && text[link.end] === ">");
    }
  }

  /** @param {{text: string, href: string, end: number}} link @param {boolean} isInBrackets whether it stands in `<…>`, which are not shown */
  #addLink({ text, href, end }, isInBrackets) {
    const before = this.#nodes.at(-1);
    if (isInBrackets && before?.kind === "text") before.text = before.text.slice(0, -1);
    this.#addNode({ kind: "link", text, href }, isInBrackets ? end + 1 : end);
  }

  /** @param {number} end of the label with its bracket */
  #closeLabel(end) {
    const start = this.#brackets.pop();
    const destination = start === undefined ? null : destinationAt(this.text, end);
    if (start === undefined || !destination) return;
    const label = textOf(this.#nodes.slice(start));
    if (!hasVisibleText(label)) return;
    this.#delimiters.clear(start);
    const children = withoutLinks(this.#nodes.splice(start));
    this.#nodes.pop();
    const { href } = destination;
    this.#addNode({ kind: "labelled-link", href, host: hiddenHost(label, href), children }, destination.end);
    this.#brackets = [];
  }

  /** @param {string} text */
  #addText(text) {
    if (!text) return;
    this.#nodes.push({ kind: "text", text });
    if (CONTENT.test(text)) this.#delimiters.markContent();
  }

  /** @param {Inline} node @param {number} end */
  #addNode(node, end) {
    this.#nodes.push(node);
    if (node.kind !== "text") this.#delimiters.markContent();
    this.#end = end;
  }
}

/** @param {string} text @param {number} index of the backslash @param {string} char after it */
function isEscapable(text, index, char) {
  if (!char) return false;
  const before = text[index - 1] ?? "\n";
  return ESCAPABLE.includes(char) || (before === "\n" && ESCAPABLE_AT_LINE_START.includes(char));
}

/** Return the text without its formatting. @param {Inline[]} nodes @returns {string} */
export function textOf(nodes) {
  return nodes.map((node) => ("children" in node ? textOf(node.children) : node.text)).join("");
}

/** Return the nodes of a label: an address in it is no link of its own. @param {Inline[]} nodes @returns {Inline[]} */
function withoutLinks(nodes) {
  return nodes.map((node) => {
    if (node.kind === "link" || node.kind === "labelled-link") return { kind: "text", text: textOf([node]) };
    return "children" in node ? { ...node, children: withoutLinks(node.children) } : node;
  });
}

/**
 * Join neighbouring texts and split mentions from them; in a label there are none.
 * @param {Inline[]} nodes
 * @param {MentionNames} names
 * @returns {Inline[]}
 */
function withMentions(nodes, names) {
  /** @type {Inline[]} */
  const joined = [];
  /** @type {string[]} */
  let pending = [];
  const flush = () => {
    if (pending.length) joined.push(...splitMentions(pending.join(""), names));
    pending = [];
  };
  for (const node of nodes) {
    if (node.kind === "text") {
      if (node.text) pending.push(node.text);
      continue;
    }
    flush();
    if (!("children" in node)) joined.push(node);
    else joined.push({ ...node, children: withMentions(node.children, node.kind === "labelled-link" ? new Map() : names) });
  }
  flush();
  return joined;
}
