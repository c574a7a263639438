/** Registers the service worker, which opens the page without a connection and brings new versions. */
import { t } from "../lib/i18n.js";
import { showToast } from "../widgets/toast.js";

const WORKER_URL = "/sw.js";
const CHECK_INTERVAL_MS = 3_600_000;
/** After a restart of the server all pages come back at once, and ask for a new version within this time. */
const CHECK_WITHIN_MS = 60_000;

/** True if the browser can open the page without a connection. Only https and this machine's own addresses have workers. */
export const isOfflineSupported =
  "serviceWorker" in navigator && "caches" in window && "indexedDB" in window && "locks" in navigator;

let checkedAt = -Infinity;

/** Register the worker, and look for a new version from time to time. A browser that refuses works without. */
export async function registerWorker() {
  if (performance.now() - checkedAt < CHECK_INTERVAL_MS) return;
  const isFirst = checkedAt === -Infinity;
  checkedAt = performance.now();
  try {
    if (isFirst) await navigator.serviceWorker.register(WORKER_URL, { scope: "/" });
    else setTimeout(update, Math.random() * CHECK_WITHIN_MS);
  } catch {
    // In a private window, or where the user has forbidden it.
  }
}

async function update() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  await registration?.update().catch(() => {});
}

/** Offer to open the page again when a worker of another version has come. @param {string} version of this page */
export function offerNewVersions(version) {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.type !== "version" || data.version === version) return;
    showToast(t("offline.newVersion"), { action: { text: t("offline.reload"), run: () => location.reload() } });
  });
}
