/**
 * Signs the user out, also without a connection: the browser then remembers it, and no page of the browser shows that user
 * anything before the server has been told.
 *
 * @import { Socket } from "../net/socket.js"
 * @import { Offline } from "../offline/offline.js"
 * @import { WebPush } from "./web-push.js"
 */
import { reopenPage } from "../widgets/page-reopening.js";

/** Key in localStorage of the id of a user who has signed out, while the server has not been told. */
const KEY = "im.signing-out";

export class SignOut {
  /**
   * @param {{form: HTMLFormElement, storage: Storage, userId: () => string | null, socket: Pick<Socket, "isReady" | "stop">,
   *   webPush: Pick<WebPush, "forget">, offline: Pick<Offline, "wipe" | "renewToken">, reload?: () => void}} deps
   *   `userId`: of the page's user
   */
  constructor(deps) {
    this.deps = deps;
    this.reload = deps.reload ?? (() => location.reload());
  }

  /** Tell whether the user for whom the server has made this page has signed out already. The server is to be told then. */
  isPending() {
    if (this.#isMarked()) return true;
    // That user's session has ended, or the browser has another user.
    this.deps.storage.removeItem(KEY);
    return false;
  }

  /** Follow a sign-out in another tab. @param {Pick<StorageEvent, "key" | "newValue">} event */
  onStorageChange({ key, newValue }) {
    if (key === KEY && newValue !== null && this.#isMarked()) this.run();
  }

  /**
   * Delete what this browser has of the chat, then let the server end the session. Without a connection the page shows
   * nothing more, and does the second part when the server answers.
   */
  async run() {
    const { socket, webPush, offline } = this.deps;
    const { isReady } = socket;
    const isMarked = !isReady && this.#mark();
    if (!isReady) socket.stop();
    await Promise.all([webPush.forget(), offline.wipe()]);
    if (isReady) this.#tellServer();
    else reopenPage(() => this.#tellServerLate(isMarked), "offline.signingOut");
  }

  /** @param {boolean} wasMarked */
  async #tellServerLate(wasMarked) {
    await this.deps.offline.renewToken();
    // Otherwise another tab has told the server, and the browser may have another user now.
    if (!wasMarked || this.#isMarked()) this.#tellServer();
    else this.reload();
  }

  #tellServer() {
    const { form, storage } = this.deps;
    storage.removeItem(KEY);
    form.submit();
  }

  #isMarked() {
    const { storage, userId } = this.deps;
    const leaving = storage.getItem(KEY);
    return leaving !== null && leaving === userId();
  }

  /** @returns {boolean} false if the storage is full */
  #mark() {
    const { storage, userId } = this.deps;
    try {
      storage.setItem(KEY, userId() ?? "");
    } catch {
      return false;
    }
    return this.#isMarked();
  }
}
