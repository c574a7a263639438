/**
 * Opens the page anew in place of one that may be another user's, or that has nothing to show.
 *
 * @import { TextKey } from "../lib/i18n.js"
 */
import { t } from "../lib/i18n.js";
import { backoffDelay } from "../net/protocol.js";

/**
 * Hide the page at once, and load it again as soon as the server answers: the browser's own error page would stay.
 * @param {() => void} load
 * @param {TextKey} [notice] what the page says meanwhile
 */
export async function reopenPage(load, notice = "connection.reopening") {
  document.body.hidden = true;
  for (let attempt = 1; !(await isServerUp()); attempt++) {
    if (attempt === 1) showNotice(notice);
    await Promise.race([sleep(backoffDelay(attempt, Math.random())), networkReturn()]);
  }
  load();
}

async function isServerUp() {
  try {
    const { ok } = await fetch(location.pathname + location.search, { method: "HEAD", cache: "no-store" });
    return ok;
  } catch {
    return false;
  }
}

/** @param {TextKey} key */
function showNotice(key) {
  for (const element of document.body.children) if (element instanceof HTMLElement) element.hidden = true;
  const notice = document.createElement("p");
  notice.className = "page-notice";
  notice.setAttribute("role", "status");
  notice.textContent = t(key);
  document.body.append(notice);
  document.body.hidden = false;
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** @returns {Promise<unknown>} */
function networkReturn() {
  return new Promise((resolve) => addEventListener("online", resolve, { once: true }));
}
