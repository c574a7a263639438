/**
 * Parses message text, a subset of Markdown, to a tree. The text is kept and sent as it is typed; only pages format it.
 * `/api/docs/` describes the subset (`SHOWN_MARKUP` in chat/api/v1/schema.py). Pure.
 *
 * @import { MarkupNode } from "./markup-blocks.js"
 * @import { MentionNames } from "../net/state/message-mentions.js"
 */
import { parseBlocks } from "./markup-blocks.js";
import { parseInline, textOf } from "./markup-inline.js";

const MAX_SUMMARY_LENGTH = 200;
/** A text without any of these has no formatting. */
const MARK = /[*_~`[\]\\@>:-]|\d\. /;

/**
 * @param {string} text
 * @param {MentionNames} [names] of the users who can be mentioned
 * @returns {MarkupNode[]}
 */
export function parseMarkup(text, names = new Map()) {
  return MARK.test(text) ? parseBlocks(text, (paragraph) => parseInline(paragraph, names)) : [{ kind: "text", text }];
}

/** Return the text without its marks, in lines. @param {MarkupNode[]} nodes @returns {string} */
export function plainText(nodes) {
  let text = "";
  let isAfterBlock = false;
  for (const node of nodes) {
    const isBlock = node.kind === "code-block" || node.kind === "quote" || node.kind === "list";
    if (text && (isBlock || isAfterBlock)) text += "\n";
    if (node.kind === "quote") text += plainText(node.children);
    else if (node.kind === "list") text += node.items.map(plainText).join("\n");
    else text += node.kind === "code-block" ? node.text : textOf([node]);
    isAfterBlock = isBlock;
  }
  return text;
}

/** Return the first line without its marks, for a quote. @param {string} text @param {MarkupNode[]} [nodes] of the text */
export function summaryLine(text, nodes = parseMarkup(text)) {
  return plainText(nodes).trim().split("\n", 1)[0].slice(0, MAX_SUMMARY_LENGTH);
}
