/**
 * Tells which emoji the browser can draw. Systems have the emoji of one version of Unicode and those before it; some draw
 * flags as letters, and joined emoji one after the other.
 *
 * @import { EmojiEntry } from "./emoji-catalog.js"
 */

const SIZE = 24;
const JOINER = "\u200d";
const FLAG = /^\p{Regional_Indicator}{2}$/u;
/** A joined emoji is as wide as others; a little tolerance for rounding. */
const MAX_WIDTH_RATIO = 1.4;
/** Emoji of these versions are on every system that has a supported browser. */
const COMMON_VERSION = 5;

/**
 * Return a function that tells whether an emoji can be drawn.
 * @param {EmojiEntry[]} entries  all that there are
 * @returns {(entry: EmojiEntry) => boolean}
 */
export function drawableEmoji(entries) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return () => true;
  context.font = `${SIZE / 2}px ${getComputedStyle(document.documentElement).fontFamily}`;
  context.textBaseline = "top";
  const usualWidth = context.measureText("😀").width;
  /** @type {Map<number, boolean>} */
  const isDrawn = new Map();
  for (const { emoji, version } of entries) {
    const isSingle = [...emoji].length === 1;
    if (version > COMMON_VERSION && isSingle && !isDrawn.has(version)) isDrawn.set(version, hasOwnColours(context, emoji));
  }
  return ({ emoji, version }) => {
    if (isDrawn.get(version) === false) return false;
    const isSequence = emoji.includes(JOINER) || FLAG.test(emoji);
    return !isSequence || context.measureText(emoji).width <= usualWidth * MAX_WIDTH_RATIO;
  };
}

/** Tell whether a glyph has colours of its own: a missing one is a box in the colour of the text. @param {CanvasRenderingContext2D} context @param {string} emoji */
function hasOwnColours(context, emoji) {
  const [red, blue] = ["#f00", "#00f"].map((colour) => {
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillStyle = colour;
    context.fillText(emoji, 0, 0);
    return context.getImageData(0, 0, SIZE, SIZE).data.join();
  });
  return red === blue && /[^0,]/.test(red);
}
