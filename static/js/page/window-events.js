/**
 * Follows what happens to the window: it loses and finds the network, returns from the past, and has other tabs beside it.
 *
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Drafts } from "../state/drafts.js"
 * @import { BrowserUser } from "./browser-user.js"
 */
import { reopenPage } from "../widgets/page-reopening.js";

/**
 * @param {{socket: Socket, store: Store, browserUser: BrowserUser, drafts: Drafts,
 *   stored: {onStorageChange: (event: StorageEvent) => void}[]}} deps  `stored`: parts whose stored data other tabs change
 */
export function connectWindow({ socket, store, browserUser, drafts, stored }) {
  addEventListener("online", () => socket.retryNow());
  addEventListener("offline", () => socket.retryNow());
  // A WebSocket ends with its page; the server would wait for the next poll.
  addEventListener("pagehide", () => store.connection.isPolling && socket.stop());
  addEventListener("pageshow", ({ persisted }) => {
    // The browser shows a page of the past; meanwhile its user may have changed.
    if (persisted) reopenPage(() => location.reload());
  });
  addEventListener("storage", (event) => {
    for (const part of stored) part.onStorageChange(event);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    // A page that was frozen has heard nothing of other tabs.
    browserUser.check();
    drafts.refresh();
    socket.retryNow();
  });
}
