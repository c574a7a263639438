/** Limits how often repeated work runs. */

/** Under a flood of events, rendering stays visible at once and leaves time for input. */
const RENDER_INTERVAL_MS = 80;
/** A key that comes during a rendering waits for its end, so there are fewer while the user types. */
const TYPING_RENDER_INTERVAL_MS = 300;
/** The user types as long as no two keys are farther apart. */
const TYPING_PAUSE_MS = 500;
/** While the user types, due work waits this long for a key. Right after one, the next is farthest away. */
const KEY_WAIT_MS = 200;
/** Work that a key asks for need not wait for the next one. */
const KEY_WORK_MS = 30;
/** A hidden page has no animation frames. */
const FRAME_TIMEOUT_MS = 50;

let lastKey = -Infinity;
/** Due work that waits for a key. @type {Set<() => void>} */
const waiting = new Set();
addEventListener(
  "keydown",
  () => {
    // Not the event's time: a busy page gets its keys late, and shows what they ask for at once.
    lastKey = performance.now();
    if (waiting.size) atNextFrame(runWaiting);
  },
  { capture: true, passive: true },
);

/** Run the work at the next animation frame, once. @param {() => void} work */
function atNextFrame(work) {
  const run = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    work();
  };
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, FRAME_TIMEOUT_MS);
}

/** Each work is a task of its own: another key may come between, and one that fails does not stop the others. */
function runWaiting() {
  for (const work of waiting) setTimeout(work);
  waiting.clear();
}

/** Run the work after the next key, whose text is shown first. @param {() => void} work */
function afterNextKey(work) {
  waiting.add(work);
  setTimeout(() => waiting.delete(work) && work(), KEY_WAIT_MS);
}

/**
 * Return a function that runs `work` at the next animation frame, at most once per RENDER_INTERVAL_MS. While the user
 * types, it runs at most once per TYPING_RENDER_INTERVAL_MS, and soon after a key. Calls until then are merged into one.
 * @param {() => void} work
 */
export function throttleRender(work) {
  let isScheduled = false;
  let lastRun = -Infinity;
  const run = () => {
    isScheduled = false;
    lastRun = performance.now();
    work();
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    const now = performance.now();
    const isTyping = now - lastKey < TYPING_PAUSE_MS;
    const wait = lastRun + (isTyping ? TYPING_RENDER_INTERVAL_MS : RENDER_INTERVAL_MS) - now;
    if (wait > 0) setTimeout(() => (isTyping ? afterNextKey(run) : atNextFrame(run)), wait);
    else if (!isTyping) atNextFrame(run);
    else if (now - lastKey < KEY_WORK_MS) atNextFrame(() => setTimeout(run));
    else afterNextKey(run);
  };
}
