/**
 * The part of the service worker that opens the chat page without a connection. A classic script, see push.js.
 *
 * It keeps the page as the server makes it for nobody (chat/views/offline_shell.py), with its files: one cache for each
 * version, filled at once or not at all. The page of a user is never kept. The previous version stays as well, because
 * pages that are open still use it.
 */
(() => {
  // TypeScript knows the globals of a page or those of a worker, not both.
  const worker = /** @type {any} */ (self);
  /** @type {{version: string, url: string, files: string[], base: string}} */
  const { version, url, files, base } = worker.imShell;
  /** The address below which static files are, here or on another host. */
  const STATIC_FILES = new URL(base, location.origin).href;
  const PREFIX = "im-shell-";
  const CACHE = PREFIX + version;
  /** Files and shells are the same for every user and language. */
  const ANY_USER = { ignoreVary: true };
  /** The databases of the offline copy and of the files that wait: see kept-database.js and kept-files.js in static/js/offline. */
  const KEPT_OF_USER = ["im-offline", "im-files"];
  const CHAT_PAGES = ["/", "/home/index"];
  const SIGN_IN_FORMS = /^\/accounts\/(login|guest|logout|register|oauth|reset|password|deactivate|devices|data\/delete)\//;
  const OAUTH_RETURN = /^\/accounts\/oauth\/[^/]+\/done\//;
  /** Answers of a proxy whose server is down. */
  const UNREACHABLE = [502, 503, 504];
  const hasVersion = (/** @type {string} */ address) => /^v-[0-9a-f]{16}\//.test(address.slice(STATIC_FILES.length));

  /** The shell is being kept. @type {Promise<unknown> | null} */
  let keeping = null;

  /** Keep the shell and its files, unless they are kept. */
  function keepShell() {
    keeping ??= fillCache().finally(() => (keeping = null));
    return keeping;
  }

  async function fillCache() {
    if (await caches.match(url, { cacheName: CACHE, ...ANY_USER })) return;
    const cache = await caches.open(CACHE);
    // Without cookies, no answer can be a user's.
    const requests = [url, ...files].map((address) => new Request(address, { cache: "no-cache", credentials: "omit" }));
    // The store may be full, or another node may answer with another version: the next visit tries again.
    await cache.addAll(requests).catch(() => caches.delete(CACHE));
  }

  /** Return the kept shell: of this version, or of the last one where this one could not be kept yet. */
  async function keptShell() {
    const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    for (const name of [CACHE, ...names.reverse()]) {
      const address = url.replace(version, name.slice(PREFIX.length));
      const shell = await caches.match(address, { cacheName: name, ...ANY_USER });
      if (shell) return shell;
    }
    return null;
  }

  /** Delete all versions but this and the previous one. */
  async function dropOldShells() {
    const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)));
  }

  /** Return the server's page, or the shell if the server cannot be reached. @param {any} event */
  async function openChat(event) {
    /** @type {Response | null} */
    let response = null;
    try {
      response = await fetch(event.request);
      if (!UNREACHABLE.includes(response.status)) {
        event.waitUntil(keepShell());
        return response;
      }
    } catch {
      // There is no connection.
    }
    return (await keptShell()) ?? response ?? Response.error();
  }

  /** Return a file of the page. One whose address has its version is the same for ever. @param {Request} request */
  async function openFile(request) {
    // Without a version in its address, a file of an earlier page has the same.
    const kept = async () => (await caches.match(request, { cacheName: CACHE, ...ANY_USER })) ?? caches.match(request, ANY_USER);
    if (hasVersion(request.url)) return (await kept()) ?? fetch(request);
    try {
      return await fetch(request);
    } catch (error) {
      const file = await kept();
      if (!file) throw error;
      return file;
    }
  }

  /** Tell whether the browser may have another user afterwards. @param {Request} request @param {string} pathname */
  function mayChangeUser({ method }, pathname) {
    return (method === "POST" ? SIGN_IN_FORMS : OAUTH_RETURN).test(pathname);
  }

  worker.addEventListener("fetch", (/** @type {any} */ event) => {
    /** @type {Request} */
    const request = event.request;
    const { origin, pathname } = new URL(request.url);
    if (request.url.startsWith(STATIC_FILES)) {
      if (request.method === "GET") event.respondWith(openFile(request));
      return;
    }
    if (origin !== location.origin) return;
    if (mayChangeUser(request, pathname)) {
      for (const name of KEPT_OF_USER) indexedDB.deleteDatabase(name);
      return;
    }
    if (request.method !== "GET") return;
    if (request.mode === "navigate" && CHAT_PAGES.includes(pathname)) event.respondWith(openChat(event));
  });
  /** Tell the open pages which version there is now. */
  async function announceVersion() {
    const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
    for (const page of pages) page.postMessage({ type: "version", version });
  }

  worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(keepShell()));
  worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(Promise.all([dropOldShells(), announceVersion()])));
})();
