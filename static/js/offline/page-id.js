/**
 * The identity of this page among those of the browser. It survives a reload of the tab; a page that has ended is told from
 * one that is open by a lock, which the browser takes back. No DOM.
 */
import { newId } from "../net/random-id.js";

const KEY = "im.page";
const LOCK_PREFIX = "im-page.";
/** The page before a reload may hold its lock for a moment; a copy of the tab holds it on. */
const LOCK_TIMEOUT_MS = 2000;

/** Return the id of this page, which holds its lock from now on. @param {Storage} tabStorage @returns {Promise<string>} */
export async function claimPageId(tabStorage) {
  const known = tabStorage.getItem(KEY);
  const id = known && (await holdLock(known)) ? known : newId();
  if (id !== known) await holdLock(id);
  try {
    tabStorage.setItem(KEY, id);
  } catch {
    // The storage is full. The page has another id after a reload.
  }
  return id;
}

/** Return the ids of the pages that are open. Without locks, as on a site without TLS, all others count as open: null. @returns {Promise<Set<string> | null>} */
export async function openPageIds() {
  if (!("locks" in navigator)) return null;
  const { held = [] } = await navigator.locks.query();
  return new Set(held.flatMap(({ name = "" }) => (name.startsWith(LOCK_PREFIX) ? [name.slice(LOCK_PREFIX.length)] : [])));
}

/** Hold the lock of a page until this one ends. @param {string} id @returns {Promise<boolean>} false if another page holds it */
function holdLock(id) {
  if (!("locks" in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), LOCK_TIMEOUT_MS);
    const hold = () => {
      clearTimeout(timer);
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks.request(LOCK_PREFIX + id, { signal: waiting.signal }, hold).catch(() => resolve(false));
  });
}
