/**
 * Moves the order of channels that was kept in this browser to the server, once. No DOM.
 *
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Session } from "../net/session.js"
 * @import { Store } from "../net/state/store.js"
 * @import { CollapsedSections } from "../state/collapsed-sections.js"
 */
import { isRequestFailure } from "../net/protocol.js";

/** @param {{session: Session, store: Store, api: ChatApi, collapsed: CollapsedSections}} deps */
export function moveStoredSort({ session, store, api, collapsed }) {
  const move = async () => {
    const sort = collapsed.storedSort;
    if (!sort || store.me?.kind !== "person") return;
    try {
      // Another device may have chosen an order since.
      if (sort !== "latest") await api.arrangeSidebar(({ revision }) => (revision === 0 ? { sort } : null));
      collapsed.forgetSort();
    } catch (error) {
      // It stays in the browser until the next connection.
      if (!isRequestFailure(error)) throw error;
    }
  };
  session.on("loaded", move);
  session.on("resumed", move);
}
