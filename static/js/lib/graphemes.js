/** Splits text into what users see as single characters, such as a letter with its accents or a family of emoji. */

/** An approximation for browsers without `Intl.Segmenter`, such as Firefox 115. */
const GRAPHEME =
  /\r\n|\p{Regional_Indicator}{2}|.(?:[\p{M}\p{Emoji_Modifier}\u{e0020}-\u{e007f}]|\u200d\p{Extended_Pictographic}?)*/gsu;

/** Creating it costs a hundred times as much as splitting a name. @type {Intl.Segmenter | null} */
let segmenter = null;

/**
 * Return the characters in order; together they are the text.
 * @param {string} text
 * @returns {string[]}
 */
export function graphemes(text) {
  // Not every browser that the page supports has it.
  const { Segmenter } = /** @type {{Segmenter?: typeof Intl.Segmenter}} */ (Intl);
  if (!Segmenter) return text.match(GRAPHEME) ?? [];
  segmenter ??= new Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
