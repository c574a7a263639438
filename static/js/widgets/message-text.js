/**
 * Renders the tree of a message's text. It makes these elements and attributes only; text of users becomes text nodes.
 *
 * @import { Block, MarkupNode } from "../lib/markup-blocks.js"
 */
import { emojiNodes } from "./custom-emoji.js";

const STYLE_TAGS = /** @type {const} */ ({ strong: "strong", emphasis: "em", strike: "s" });

/** @param {MarkupNode[]} nodes @returns {(Node | string)[]} */
export function markupNodes(nodes) {
  return nodes.flatMap(renderNode);
}

/** @param {MarkupNode} node @returns {Node | string | (Node | string)[]} */
function renderNode(node) {
  switch (node.kind) {
    case "text":
      return emojiNodes(node.text);
    case "link":
      return linkElement(node.href, node.text);
    case "labelled-link":
      return [linkElement(node.href, ...markupNodes(node.children)), ...(node.host ? [hostElement(node.host)] : [])];
    case "mention":
      return createElement("bdi", { className: node.isSelf ? "mention self" : "mention" }, node.text);
    case "code":
      return createElement("code", {}, node.text);
    case "code-block": {
      const block = createElement("pre", { dir: "ltr" }, createElement("code", {}, node.text));
      if (node.language) block.dataset.language = node.language;
      return block;
    }
    case "quote":
      return createElement("blockquote", { dir: "auto" }, ...markupNodes(node.children));
    case "list":
      return listElement(node);
    default:
      return createElement(STYLE_TAGS[node.kind], {}, ...markupNodes(node.children));
  }
}

/** @param {Extract<Block, {kind: "list"}>} list */
function listElement({ isOrdered, start, items }) {
  const entries = items.map((nodes) => createElement("li", { dir: "auto" }, ...markupNodes(nodes)));
  return isOrdered ? createElement("ol", { start }, ...entries) : createElement("ul", {}, ...entries);
}

/** @param {string} href @param {(Node | string)[]} children */
function linkElement(href, ...children) {
  return createElement("a", { href, title: href, rel: "noopener noreferrer nofollow", target: "_blank" }, ...children);
}

/** Names the host of a link whose label looks like another address. @param {string} host */
function hostElement(host) {
  return createElement("bdi", { className: "link-host" }, ` (${host})`);
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function createElement(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
