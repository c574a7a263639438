/**
 * Takes over the messages that an earlier page has kept, after the server has told what has happened to them since. No DOM.
 *
 * @import { Socket } from "../net/socket.js"
 * @import { Store } from "../net/state/store.js"
 * @import { KeptChat } from "./kept-chat.js"
 */
import { isRequestFailure, toEnvelope } from "../net/protocol.js";
import { restoredLog } from "./kept-chat.js";
import { applyMissed } from "./missed-events.js";

/** If more was missed, the kept messages are given up. */
const MAX_PAGES = 5;

/**
 * Put the logs that the store lacks into it. Until they are up to date they count as not loaded.
 * @param {KeptChat} kept
 * @param {{socket: Socket, store: Store}} deps
 */
export async function takeOverLogs({ user, logs: pages }, { socket, store }) {
  const { me, app } = store;
  if (user.me.id !== me?.id || user.app.appId !== app.appId) return;
  // The global channel is not part of `sync`.
  const usable = [...pages].filter(([target]) => target !== app.target && store.channels.has(target) && !store.logs.has(target));
  const logs = new Map(usable.map(([target, page]) => [target, restoredLog(page)]));
  for (const log of logs.values()) log.isLoaded = false;
  store.logs = new Map([...logs, ...store.logs]);
  const current = new Map(logs);
  const isUpToDate = await catchUp();
  for (const [target, log] of logs) {
    // Meanwhile the user may have opened the channel, which loads it.
    if (store.logs.get(target) !== log || log.isLoaded || target === store.currentTarget) continue;
    if (isUpToDate && current.has(target)) log.isLoaded = true;
    else store.logs.delete(target);
  }

  async function catchUp() {
    let after = user.position;
    try {
      for (let pages = 0; pages < MAX_PAGES; pages++) {
        const page = await socket.request("sync", { after });
        if (page.reset) return false;
        for (const event of page.events ?? []) applyMissed(current, toEnvelope(event), user.me.id);
        if (!page.hasMore) return true;
        after = page.position;
      }
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
    }
    return false;
  }
}
