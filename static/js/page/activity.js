/**
 * Tells the server whether the user looks at this page, so that it does not notify their other devices meanwhile, and
 * how long ago they made an input, after which others see them as away.
 *
 * @import { Socket } from "../net/socket.js"
 */

/** The server forgets after a minute that the user looks at the page. */
const INTERVAL_MS = 25_000;
/** Input after a longer pause is told at once: others may see the user as away. */
const PAUSE_MS = 60_000;
const INPUT_EVENTS = ["pointerdown", "pointermove", "keydown", "wheel", "focus"];

/** @param {Socket} socket @param {() => boolean} isGuest  guests get no notifications elsewhere */
export function reportActivity(socket, isGuest) {
  let isReported = false;
  let inputAt = performance.now();
  const report = () => {
    const active = document.visibilityState === "visible" && document.hasFocus();
    if (!socket.isReady || isGuest() || (!active && !isReported)) return;
    isReported = active;
    socket.request("push.active", { active, idle: Math.floor((performance.now() - inputAt) / 1000) }).catch(() => {});
  };
  setInterval(report, INTERVAL_MS);
  socket.on("ready", () => {
    // The new connection counts as present until it says how long the user has been idle.
    isReported = true;
    report();
  });
  const onInput = () => {
    const isBack = performance.now() - inputAt > PAUSE_MS;
    inputAt = performance.now();
    if (isBack) report();
  };
  for (const name of INPUT_EVENTS) addEventListener(name, onInput, { passive: true, capture: true });
  for (const name of ["focus", "blur", "pagehide"]) addEventListener(name, report);
  document.addEventListener("visibilitychange", report);
}
