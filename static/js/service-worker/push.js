/**
 * The part of the service worker that shows notifications while no page is looked at. A classic script:
 * `chat/views/service_worker.py` serves the parts of the worker as one file, /sw.js.
 *
 * It shows nothing that is meant for another user of the browser: a notification names its user and subscription, and
 * the page keeps those of the browser in a cache (static/js/state/push-state.js), which a sign-out empties.
 */
(() => {
  /**
   * @typedef {import("../state/push-state.js").PushState} BrowserState
   * @typedef {{user?: string, subscription?: string, test?: boolean, target?: string, seq?: number, appId?: number,
   *   threadId?: string, count?: number, name?: string, channel?: string, text?: string}} Payload  see chat/push/payload.py
   */

  // TypeScript knows the globals of a page or those of a worker, not both.
  const worker = /** @type {any} */ (self);
  const CACHE = "im-push";
  const STATE_URL = "/push-state";
  const SUBSCRIPTION_URL = "/api/v1/push-subscription/";

  /** @returns {Promise<BrowserState | null>} */
  async function readState() {
    // Unlike `open`, this makes no cache where a sign-out has deleted it.
    const stored = await caches.match(STATE_URL, { cacheName: CACHE });
    return stored ? stored.json() : null;
  }

  /** @param {BrowserState} state */
  async function writeState(state) {
    await (await caches.open(CACHE)).put(STATE_URL, new Response(JSON.stringify(state)));
  }

  /** @param {string} template @param {Record<string, string>} values */
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  /** @param {{data: {json: () => Payload} | null}} event */
  async function onPush({ data }) {
    const payload = data?.json() ?? {};
    const state = await readState();
    if (!state || state.userId !== payload.user) {
      // The user of this browser has changed, and the page could not say so.
      await (await worker.registration.pushManager.getSubscription())?.unsubscribe();
      return;
    }
    if (state.id !== payload.subscription) return;
    // A page that was reloaded past the cache has no worker that controls it.
    const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
    const isSeen = (/** @type {{focused: boolean, url: string}} */ { focused, url }) => focused && showsApp(new URL(url), payload.appId);
    // The page itself shows what arrives while it is looked at.
    if (!payload.test && windows.some(isSeen)) return;
    await show(payload, state);
  }

  /** @param {Payload} payload @param {BrowserState} state */
  async function show(payload, { texts, icon, sound }) {
    const { test, name, channel, text, count = 1, target = "", seq = 0, threadId, appId } = payload;
    const title = test ? texts.testTitle : !name ? texts.title : channel ? fill(texts.from, { name, channel }) : name;
    const lines = [text ?? texts.hiddenText];
    if (count > 1) lines.unshift(fill(texts.several, { n: String(count) }));
    await worker.registration.showNotification(title, {
      body: test ? texts.testBody : lines.join("\n"),
      tag: test ? "test" : `channel-${target}`,
      renotify: true,
      silent: !sound,
      icon,
      data: { target, seq, threadId, appId },
    });
  }

  /** Focus a page of the site and show the message there, or open one. @param {{notification: any}} event */
  async function onClick({ notification }) {
    notification.close();
    const { target, seq, appId } = notification.data ?? {};
    const url = `/${appId === undefined ? "" : `?appId=${appId}`}${target ? `#${target}/${seq}` : ""}`;
    const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = windows.find((/** @type {{url: string}} */ one) => showsApp(new URL(one.url), appId));
    if (!page) return worker.clients.openWindow(url);
    if (target) page.postMessage({ type: "open-message", target, seq });
    await page.focus();
  }

  /** Tell whether this is the chat page, of the app of a global channel. @param {URL} url @param {number} [appId] */
  function showsApp({ pathname, searchParams }, appId) {
    const shown = searchParams.get("appId") ?? "101";
    return (pathname === "/" || pathname === "/home/index") && (appId === undefined || shown === String(appId));
  }

  /** Tell the server of the subscription with which the browser has replaced the last one. @param {any} event */
  async function onSubscriptionChange({ newSubscription }) {
    const state = await readState();
    if (!state) return;
    const options = { userVisibleOnly: true, applicationServerKey: state.key };
    const subscription = newSubscription ?? (await worker.registration.pushManager.subscribe(options));
    const { endpoint, keys } = subscription.toJSON();
    const response = await fetch(SUBSCRIPTION_URL, {
      method: "PUT",
      headers: { "Content-Type": "application/json", "X-CSRFToken": state.csrfToken },
      body: JSON.stringify({ endpoint, keys, ...state.choices }),
    });
    if (response.ok) await writeState({ ...state, id: (await response.json()).id });
  }

  /** @type {[string, (event: any) => Promise<unknown>][]} */
  const handlers = [["push", onPush], ["notificationclick", onClick], ["pushsubscriptionchange", onSubscriptionChange]];
  for (const [name, handle] of handlers) {
    worker.addEventListener(name, (/** @type {any} */ event) => event.waitUntil(handle(event)));
  }
  worker.addEventListener("install", () => worker.skipWaiting());
  worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
})();
