/** Decides how the host of an address is shown: as it is written, unless its letters may be taken for others. Pure. */

/** Scripts in which names of hosts are usual. A label has one of them, or a mixture that its readers are used to. */
const SCRIPTS =
  "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew " +
  "Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan";
const MIXTURES = ["Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul"];
const USUAL_LABELS = [...SCRIPTS.split(" "), ...MIXTURES].map((scripts) => {
  const letters = scripts.split(" ").map((script) => `\\p{Script_Extensions=${script}}`).join("");
  return new RegExp(`^[${letters}0-9_-]+$`, "u");
});
const LATIN = /\p{Script=Latin}/u;
/** Scripts with letters that look like Latin ones. */
const LATIN_LOOKALIKE = /[\p{Script=Armenian}\p{Script=Cyrillic}\p{Script=Greek}]/u;
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Return the host as it is shown: in punycode if it mixes scripts, such as Latin and Cyrillic. Null if it is no host.
 * @param {string} host as written
 * @returns {string | null}
 */
export function displayHost(host) {
  const ascii = asciiHost(host);
  return ascii === null || ASCII.test(host) || isUsual(host) ? ascii && host : ascii;
}

/** Return the host as it is asked for in the network, or null if it is none. @param {string} host @returns {string | null} */
export function asciiHost(host) {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return null;
  }
}

/** @param {string} host */
function isUsual(host) {
  const labels = host.split(".");
  if (!labels.every((label) => USUAL_LABELS.some((usual) => usual.test(label)))) return false;
  return !labels.some((label) => LATIN.test(label)) || !LATIN_LOOKALIKE.test(host);
}
