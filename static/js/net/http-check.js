/** Tells whether plain HTTP reaches a server that would accept a WebSocket, though none gets through. */

const TIMEOUT_MS = 5_000;
/** The answer of a server that accepts WebSockets. One that refuses them now answers 429 or 503. */
const ACCEPTING = 204;

/**
 * Return whether the server, and not only a proxy before it, answers HTTP and would accept a WebSocket now.
 * @param {string} socketUrl of its WebSockets
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<boolean>}
 */
export async function wouldAcceptWebSocket(socketUrl, fetch = globalThis.fetch) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    const url = new URL("?check=1", socketUrl.replace(/^ws/, "http"));
    const { status } = await fetch(url, { method: "HEAD", cache: "no-store", signal: controller.signal });
    return status === ACCEPTING;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
