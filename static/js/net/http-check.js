/** Tells whether plain HTTP reaches a server whose WebSockets do not get through. */

const TIMEOUT_MS = 5_000;

/**
 * Return whether the server, and not only a proxy before it, answers HTTP.
 * @param {string} socketUrl of its WebSockets
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<boolean>}
 */
export async function respondsToHttp(socketUrl, fetch = globalThis.fetch) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    const url = new URL("/", socketUrl.replace(/^ws/, "http"));
    return (await fetch(url, { method: "HEAD", cache: "no-store", signal: controller.signal })).ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
