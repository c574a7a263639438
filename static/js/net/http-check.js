/** Tells whether plain HTTP reaches a server whose WebSockets do not get through. */

const TIMEOUT_MS = 5_000;

/** Return whether the server, and not only a proxy before it, answers HTTP. @returns {Promise<boolean>} */
export async function respondsToHttp() {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    return (await fetch("/", { method: "HEAD", cache: "no-store", signal: controller.signal })).ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
