/**
 * Cuts message text into plain text, links, `code`, ```blocks``` and mentions. Pure; the pieces become text nodes elsewhere.
 *
 * @typedef {{kind: "text" | "code" | "block", text: string} | {kind: "link", text: string, href: string}
 *   | {kind: "mention", text: string, me: boolean}} Piece
 * @typedef {Map<string, boolean>} Names  what people are called, in lower case, and whether that is oneself
 */

const SPECIAL = /\n?```(?:[\w+-]*\n)?([\s\S]+?)\n?```\n?|`([^`\n]+)`|(https?:\/\/[^\s<>"'`，。；：！？、）】》」』]+|mailto:[^\s<>"'`]+@[^\s<>"'`]+)/giu;
const TRAILING = /[.,;:!?'"*_~]+$/u;
const EMOJI = /^(?:(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F?|\p{Regional_Indicator}{2}|[#*0-9]\uFE0F?\u20E3)(?:\p{Emoji_Modifier}|\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic})\uFE0F?)*\s*){1,6}$/u;

/** An "@" that may begin a name. */
export const MENTION = /(?<![\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}_.@/-])@/gu;
export const LONGEST_NAME = 64;
const WORD = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}_]/u;

/** @param {string} text @param {Names} [names] who can be mentioned @returns {Piece[]} */
export function pieces(text, names = new Map()) {
  const found = marked(text);
  if (names.size === 0 || !text.includes("@")) return found;
  return found.flatMap((piece) => (piece.kind === "text" ? mentions(piece.text, names) : [piece]));
}

/** @param {string} text @param {Names} names @returns {Piece[]} */
function mentions(text, names) {
  /** @type {Piece[]} */
  const found = [];
  let done = 0;
  for (const { index } of text.matchAll(MENTION)) {
    const name = nameAt(text, index + 1, names);
    if (!name || index < done) continue;
    if (index > done) found.push({ kind: "text", text: text.slice(done, index) });
    done = index + 1 + name.length;
    found.push({ kind: "mention", text: text.slice(index, done), me: names.get(name) ?? false });
  }
  if (done < text.length) found.push({ kind: "text", text: text.slice(done) });
  return found;
}

/** The longest name that stands there, and is not the beginning of a longer word. @param {string} text @param {number} at @param {Names} names */
function nameAt(text, at, names) {
  const following = text.slice(at, at + LONGEST_NAME).toLowerCase();
  for (let length = following.length; length > 0; length--) {
    const name = following.slice(0, length);
    const cutsWord = WORD.test(name.at(-1) ?? "") && WORD.test(text[at + length] ?? "");
    if (names.has(name) && !cutsWord) return name;
  }
  return "";
}

/** Links and code. @param {string} text @returns {Piece[]} */
function marked(text) {
  /** @type {Piece[]} */
  const found = [];
  let done = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const [whole, block, code, address] = match;
    let end = match.index + whole.length;
    /** @type {Piece | null} */
    let piece = null;
    if (block !== undefined) piece = { kind: "block", text: block };
    else if (code !== undefined) piece = { kind: "code", text: code };
    else {
      const shown = withoutTrailing(address);
      end = match.index + shown.length;
      const href = safeAddress(shown);
      if (href) piece = { kind: "link", text: shown, href };
    }
    if (!piece) continue;
    if (match.index > done) found.push({ kind: "text", text: text.slice(done, match.index) });
    found.push(piece);
    done = end;
  }
  if (done < text.length) found.push({ kind: "text", text: text.slice(done) });
  return found;
}

/** Whether the text is nothing but a few emoji. @param {string} text */
export function isEmojiOnly(text) {
  return text.length <= 60 && EMOJI.test(text.trim());
}

/** The first line, for a quote. @param {string} text */
export function firstLine(text) {
  return text.trim().split("\n", 1)[0].slice(0, 200);
}

/** A sentence's end is not part of the address in it, nor is a bracket that opened before. @param {string} address */
function withoutTrailing(address) {
  let shown = address.replace(TRAILING, "");
  while (shown.endsWith(")") && shown.split(")").length > shown.split("(").length) shown = shown.slice(0, -1).replace(TRAILING, "");
  return shown;
}

/** @param {string} address @returns {string | null} */
function safeAddress(address) {
  try {
    const { protocol, href } = new URL(address);
    return ["http:", "https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
