/** Keeps text in any direction from changing the order of what stands around it. Pure. */

/** Controls of direction, and letters that are written from right to left. */
const AFFECTS_ORDER =
  /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const FIRST_STRONG_ISOLATE = "\u2068";
const ISOLATES = "\u2066\u2067\u2068";
const POP_ISOLATE = "\u2069";

/**
 * Return the text for use within another one: direction controls that it opens end with it, and it ends none that the
 * other text has opened. Elements for text of users do the same by `dir="auto"` or `<bdi>`.
 * @param {string} text
 */
export function isolate(text) {
  if (!AFFECTS_ORDER.test(text)) return text;
  let depth = 1;
  let isolated = FIRST_STRONG_ISOLATE;
  for (const char of text) {
    if (char === POP_ISOLATE && depth === 1) continue;
    if (char === POP_ISOLATE) depth--;
    else if (ISOLATES.includes(char)) depth++;
    isolated += char;
  }
  return isolated + POP_ISOLATE.repeat(depth);
}
