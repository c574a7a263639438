/** Limits how often repeated work runs. */

/** Under a flood of events, rendering stays visible at once and leaves time for input. */
const RENDER_INTERVAL_MS = 80;
/** A hidden page has no animation frames. */
const FRAME_TIMEOUT_MS = 50;

/**
 * Return a function that runs `work` at the next animation frame, at most once per RENDER_INTERVAL_MS. Calls until then
 * are merged into one.
 * @param {() => void} work
 */
export function throttleRender(work) {
  let isScheduled = false;
  let lastRun = -RENDER_INTERVAL_MS;
  const run = () => {
    if (!isScheduled) return;
    isScheduled = false;
    lastRun = performance.now();
    work();
  };
  const runAtNextFrame = () => {
    requestAnimationFrame(run);
    setTimeout(run, FRAME_TIMEOUT_MS);
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    const wait = lastRun + RENDER_INTERVAL_MS - performance.now();
    if (wait > 0) setTimeout(runAtNextFrame, wait);
    else runAtNextFrame();
  };
}
