/** Limits how often repeated work runs. */

/** Under a flood of events, rendering stays visible at once and leaves time for input. */
const RENDER_INTERVAL_MS = 80;
/** A key that comes during a rendering waits for its end, so there are fewer while the user types. */
const TYPING_RENDER_INTERVAL_MS = 300;
/** The user types as long as no two keys are farther apart. */
const TYPING_PAUSE_MS = 500;
/** A hidden page has no animation frames. */
const FRAME_TIMEOUT_MS = 50;

let lastKey = -Infinity;
addEventListener("keydown", ({ timeStamp }) => (lastKey = timeStamp), { capture: true, passive: true });

/**
 * Return a function that runs `work` at the next animation frame, at most once per RENDER_INTERVAL_MS, or
 * TYPING_RENDER_INTERVAL_MS while the user types. Calls until then are merged into one.
 * @param {() => void} work
 */
export function throttleRender(work) {
  let isScheduled = false;
  let frame = 0;
  let timer = 0;
  let lastRun = -Infinity;
  const run = () => {
    // The other of the two would run the next work too early.
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    isScheduled = false;
    lastRun = performance.now();
    work();
  };
  const runAtNextFrame = () => {
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, FRAME_TIMEOUT_MS);
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    const now = performance.now();
    const interval = now - lastKey < TYPING_PAUSE_MS ? TYPING_RENDER_INTERVAL_MS : RENDER_INTERVAL_MS;
    const wait = lastRun + interval - now;
    if (wait > 0) setTimeout(runAtNextFrame, wait);
    else runAtNextFrame();
  };
}
