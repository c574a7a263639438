/**
 * Connects the notifications of the service worker with the page.
 *
 * @import { Navigation } from "./navigation.js"
 * @import { WebPush } from "./page/web-push.js"
 * @import { Store } from "./net/state/store.js"
 * @import { Threads } from "./net/state/threads.js"
 */
import { language } from "./lib/i18n.js";
import { throttleRender } from "./lib/throttle.js";
import { isNotifiedRead } from "./state/notified-messages.js";

/** @param {{webPush: WebPush, store: Store, threads: Threads, navigation: Navigation}} deps */
export function connectPush({ webPush, store, threads, navigation }) {
  webPush.onOpen((target, seq) => navigation.openNotified(target, seq));
  const closeRead = throttleRender(() => webPush.closeRead((message) => isNotifiedRead(message, { channels: store.channels, threads })));
  store.on("channels", closeRead);
  threads.on("change", closeRead);
  language.on("change", () => webPush.updateTexts().catch(() => {}));
}
