/**
 * Notifications of this browser while no page is open: subscribes to them, keeps the subscription up to date, and ends it
 * with the session.
 *
 * @import { NotifiedMessage, PushChoices, PushState, PushTexts } from "../state/push-state.js"
 * @typedef {"on" | "off" | "unsupported" | "home-screen" | "denied" | "guest"} PushStatus
 *   `home-screen`: an iPhone or iPad allows them only to a page on its home screen
 */
import { DisconnectedError, RequestError } from "../net/protocol.js";
import { deletePushState, readPushState, writePushState } from "../state/push-state.js";

const SUBSCRIPTION_URL = "/api/v1/push-subscription/";
const WORKER_URL = "/sw.js";
/** Milliseconds for which a sign-out waits. */
const FORGET_TIMEOUT_MS = 2000;
/** The channel by which the tabs of a browser tell each other that its state has changed. */
const TABS_CHANNEL = "im-push";

const isSupported = "serviceWorker" in navigator && "PushManager" in window && "caches" in window;
const isApplePhone = /iPhone|iPad/.test(navigator.userAgent);

export class WebPush {
  /** The state that the worker knows; null: this browser gets no notifications. @type {PushState | null} */ #state = null;
  #userId = "";
  /** The user whose subscription is loaded, or about to be. */ #loadedId = "";
  /** Sign-outs and the like so far. */ #endings = 0;
  #tabs = new BroadcastChannel(TABS_CHANNEL);

  /**
   * @param {{key: string, csrfToken: () => string, texts: () => PushTexts, icon: () => string}} deps
   *   `key`: the site's public key; empty: the site sends none
   */
  constructor({ key, csrfToken, texts, icon }) {
    this.key = key;
    this.csrfToken = csrfToken;
    this.texts = texts;
    this.icon = icon;
    this.#tabs.onmessage = async () => (this.#state = await readPushState());
  }

  /** True if this browser is notified by its push service. */
  get isOn() {
    return this.#state !== null && this.#state.userId === this.#userId;
  }

  /** True if the site sends notifications. */
  get isOffered() {
    return this.key !== "";
  }

  /** @param {boolean} isGuest @returns {PushStatus} */
  status(isGuest) {
    if (isGuest) return "guest";
    if (!isSupported) return isApplePhone ? "home-screen" : "unsupported";
    if (Notification.permission === "denied") return "denied";
    return this.isOn ? "on" : "off";
  }

  /**
   * Take over the subscription of this user, which may need to be renewed, or end that of another one. A page does it once;
   * after a failure, the next call tries again.
   * @param {string} userId @param {boolean} sound
   */
  async load(userId, sound) {
    if (!isSupported || userId === this.#loadedId) return;
    this.#userId = this.#loadedId = userId;
    try {
      this.#state = await readPushState();
      if (!this.#state) return;
      const isAllowed = this.isOffered && Notification.permission === "granted";
      if (this.isOn && isAllowed) await this.turnOn(this.#state.choices, sound);
      else await this.forget();
    } catch (error) {
      this.#loadedId = "";
      throw error;
    }
  }

  /**
   * Subscribe this browser, or change what it is notified of. The user has allowed notifications.
   * @param {PushChoices} choices @param {boolean} sound
   */
  async turnOn(choices, sound) {
    const endings = this.#endings;
    const registration = await navigator.serviceWorker.register(WORKER_URL, { scope: "/" });
    let subscription = await registration.pushManager.getSubscription();
    if (subscription && this.#state?.key !== this.key) {
      // The site has another key, or another user has subscribed.
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await subscribe(await navigator.serviceWorker.ready, this.key);
    const { endpoint, keys } = subscription.toJSON();
    const { id } = await this.#call("PUT", SUBSCRIPTION_URL, { endpoint, keys, ...choices });
    const { key, csrfToken, texts, icon } = this;
    // Meanwhile the user may have left.
    if (endings !== this.#endings) return;
    this.#state = { userId: this.#userId, id, key, csrfToken: csrfToken(), choices, texts: texts(), icon: icon(), sound };
    await this.#store(this.#state);
  }

  /** Let the notifications be in the present language. */
  async updateTexts() {
    if (this.#state && this.isOn) await this.#store((this.#state = { ...this.#state, texts: this.texts() }));
  }

  /** End the notifications of this browser. */
  async turnOff() {
    await this.#call("DELETE", SUBSCRIPTION_URL);
    await this.forget();
  }

  /** Have the server send a notification to this browser. */
  async test() {
    await this.#call("POST", `${SUBSCRIPTION_URL}test/`);
  }

  /** Let this browser show nothing more, because its user leaves. The server ends the subscription with the session. */
  async forget() {
    this.#state = null;
    this.#endings += 1;
    if (!isSupported) return;
    const clear = async () => {
      await deletePushState();
      this.#tabs.postMessage(null);
      const registration = await navigator.serviceWorker.getRegistration("/");
      for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
      await (await registration?.pushManager.getSubscription())?.unsubscribe();
    };
    // A push service that cannot be reached must not keep the user from leaving.
    await Promise.race([clear().catch(() => {}), new Promise((done) => setTimeout(done, FORGET_TIMEOUT_MS))]);
  }

  /** Close the notifications of messages that have been read. @param {(message: NotifiedMessage) => boolean} isRead */
  async closeRead(isRead) {
    if (!this.isOn) return;
    const registration = await navigator.serviceWorker.getRegistration("/");
    for (const shown of (await registration?.getNotifications()) ?? []) {
      if (shown.data?.target && isRead(shown.data)) shown.close();
    }
  }

  /** Call `open` when the user clicks a notification while this page is open. @param {(target: string, seq: number) => void} open */
  onOpen(open) {
    if (!isSupported) return;
    navigator.serviceWorker.addEventListener("message", ({ data }) => {
      if (data?.type === "open-message") open(data.target, data.seq);
    });
  }

  /** @param {PushState} state */
  async #store(state) {
    await writePushState(state);
    this.#tabs.postMessage(null);
  }

  /** Rejects with RequestError or DisconnectedError. @param {string} method @param {string} url @param {object} [body] @returns {Promise<any>} */
  async #call(method, url, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.csrfToken() };
    const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
    if (!response) throw new DisconnectedError("not connected");
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const answer = isJson ? await response.json() : {};
    if (!response.ok) throw new RequestError(answer.code ?? 0, answer.detail ?? "", answer, answer.reason);
    return answer;
  }
}

/** @param {ServiceWorkerRegistration} registration @param {string} key */
function subscribe(registration, key) {
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}
