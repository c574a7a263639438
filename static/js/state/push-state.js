/**
 * The state of the service worker: its user, whose notifications alone it shows, and their subscription. It is kept in a cache
 * of the browser, which pages and worker share (static/js/service-worker/push.js). No DOM.
 *
 * @typedef {{direct: boolean, mentions: boolean, threads: boolean, everything: boolean, showsText: boolean}} PushChoices
 * @typedef {{title: string, from: string, several: string, hiddenText: string, testTitle: string, testBody: string}} PushTexts
 *   in the language of the page
 * @typedef {{userId: string, id: string, key: string, csrfToken: string, choices: PushChoices, texts: PushTexts,
 *   icon: string, sound: boolean}} PushState
 *   `id`: of the subscription; `key`: the site's public key with which the browser has subscribed
 * @typedef {{target: string, seq: number, threadId?: string}} NotifiedMessage
 *   the message of a notification; `threadId`: if only its thread shows it
 */

const CACHE = "im-push";
const STATE_URL = "/push-state";

/** @returns {Promise<PushState | null>} */
export async function readPushState() {
  // Unlike `open`, this makes no cache where a sign-out has deleted it.
  const stored = await caches.match(STATE_URL, { cacheName: CACHE });
  return stored ? stored.json() : null;
}

/** @param {PushState} state */
export async function writePushState(state) {
  await (await caches.open(CACHE)).put(STATE_URL, new Response(JSON.stringify(state)));
}

export async function deletePushState() {
  await caches.delete(CACHE);
}
