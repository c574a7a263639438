/** Decides how large pictures and videos appear in the timeline, before they are loaded. Pure. */

/** The largest and smallest space of a picture, in px. */
const MAX_WIDTH = 360;
const MAX_HEIGHT = 320;
const MIN_SIDE = 64;
/** The space of one whose size is not known. */
const UNKNOWN = { width: 280, height: 210 };
/** Pictures of a message that are shown; the last place names the number of the others. */
const MAX_SHOWN = 4;

/**
 * Return the space of a single picture, in px: its proportions within the limits. It is never enlarged.
 * @param {{width?: number, height?: number}} size of the picture
 */
export function pictureSpace({ width, height }) {
  if (!width || !height) return UNKNOWN;
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return {
    width: Math.max(Math.min(MIN_SIDE, MAX_WIDTH), Math.round(width * scale)),
    height: Math.max(Math.min(MIN_SIDE, MAX_HEIGHT), Math.round(height * scale)),
  };
}

/** Return how many of the pictures of a message are shown, and how many the last place hides. @param {number} count */
export function shownPictures(count) {
  const shown = Math.min(count, MAX_SHOWN);
  return { shown, hidden: count - shown };
}
