/**
 * Cuts message text into plain text, links, `code` and ```blocks```. Pure; the pieces become text nodes elsewhere.
 *
 * @typedef {{kind: "text" | "code" | "block", text: string} | {kind: "link", text: string, href: string}} Piece
 */

const SPECIAL = /\n?```(?:[\w+-]*\n)?([\s\S]+?)\n?```\n?|`([^`\n]+)`|(https?:\/\/[^\s<>"'`，。；：！？、）】》」』]+|mailto:[^\s<>"'`]+@[^\s<>"'`]+)/giu;
const TRAILING = /[.,;:!?'"*_~]+$/u;
const EMOJI = /^(?:(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F?|\p{Regional_Indicator}{2}|[#*0-9]\uFE0F?\u20E3)(?:\p{Emoji_Modifier}|\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic})\uFE0F?)*\s*){1,6}$/u;

/** @param {string} text @returns {Piece[]} */
export function pieces(text) {
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
