/**
 * Tells which notifications the user has dealt with by reading. Pure.
 *
 * @import { NotifiedMessage } from "./push-state.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Threads } from "../net/state/threads.js"
 */

/**
 * Tell whether the user has read the message of a notification, as far as the page knows.
 * @param {NotifiedMessage} message
 * @param {{channels: Store["channels"], threads: Pick<Threads, "of">}} state
 */
export function isNotifiedRead({ target, seq, threadId }, { channels, threads }) {
  const channel = channels.get(target);
  // A new channel is not loaded yet; one of another app never is.
  if (!channel) return false;
  const readSeq = threadId ? threads.of({ id: threadId })?.readSeq : channel.readSeq;
  return readSeq !== undefined && seq <= readSeq;
}
