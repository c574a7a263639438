/**
 * Tells the server whether the user looks at this page, so that it does not notify their other devices meanwhile.
 *
 * @import { Socket } from "../net/socket.js"
 */

/** The server forgets it after a minute. */
const INTERVAL_MS = 25_000;

/** @param {Socket} socket @param {() => boolean} isGuest  guests get no notifications elsewhere */
export function reportActivity(socket, isGuest) {
  let isReported = false;
  const report = () => {
    const active = document.visibilityState === "visible" && document.hasFocus();
    if (!socket.isReady || isGuest() || (!active && !isReported)) return;
    isReported = active;
    socket.request("push.active", { active }).catch(() => {});
  };
  setInterval(report, INTERVAL_MS);
  socket.on("ready", report);
  for (const name of ["focus", "blur", "pagehide"]) addEventListener(name, report);
  document.addEventListener("visibilitychange", report);
}
