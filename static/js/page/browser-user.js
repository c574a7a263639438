/**
 * Gives a page up when another user signs in in the same browser. All tabs share one session cookie, so a page that
 * stays open would show one user's messages to the next one, and send as the next one what the first has written. A page
 * that asks for a sign-in opens again as well: a guest who enters there would sign the user out.
 *
 * @import { Socket } from "../net/socket.js"
 */

/** Key in localStorage under which the tabs of a browser share the id of their user. */
const USER_KEY = "im.user";
/** Key in localStorage of the time of that user's last login, in milliseconds. */
const LOGIN_TIME_KEY = "im.user-login";
/** Key in sessionStorage that marks a page which replaces that of another user. */
const CHANGED_KEY = "im.user-changed";

export class BrowserUser {
  /** The user of this page; null: none has logged in. @type {string | null} */ #id = null;
  /** The time since which the page asks for a sign-in, in milliseconds; null: it does not. @type {number | null} */ #signedOutAt;

  /**
   * @param {{socket: Socket, storage: Storage, tabStorage: Storage, isSignedIn: boolean, leave: () => void}} deps
   *   `tabStorage`: survives a reload, but is not shared; `isSignedIn`: the page was made for a user; `leave`: hides the
   *   page at once and opens it again
   */
  constructor({ socket, storage, tabStorage, isSignedIn, leave }) {
    // Another tab may log in after the server has made this page and before its scripts run.
    this.#signedOutAt = isSignedIn ? null : Date.now() - performance.now();
    this.socket = socket;
    this.storage = storage;
    this.tabStorage = tabStorage;
    this.leave = leave;
    socket.on("ready", ({ login }) => this.#onLogin(login.id));
    socket.on("refused", () => (this.#signedOutAt = Date.now()));
    socket.on("user-changed", () => this.#giveUp());
  }

  /** Follow a login of another tab, whose user becomes that of a page without one. @param {StorageEvent} event */
  onStorageChange({ key, newValue }) {
    if (key === USER_KEY && newValue !== null && this.#signedOutAt !== null) this.#giveUp();
    else this.check();
  }

  /** Follow a login of another tab that this page may have missed. */
  check() {
    const id = this.storage.getItem(USER_KEY);
    const isOtherUser = id && this.#id && id !== this.#id;
    if (isOtherUser || this.#hasMissedLogin()) this.#giveUp();
  }

  /** A time after the present one is from before a change of the clock. */
  #hasMissedLogin() {
    const loginAt = Number(this.storage.getItem(LOGIN_TIME_KEY));
    return this.#signedOutAt !== null && loginAt > this.#signedOutAt && loginAt <= Date.now();
  }

  /** The page shows what this user has left in the browser. @param {string} id */
  resume(id) {
    this.#id = id;
    this.#signedOutAt = null;
    this.check();
  }

  /** Return whether this page has taken the place of another user's. Only the first call does. */
  takeChanged() {
    const isChanged = this.tabStorage.getItem(CHANGED_KEY) !== null;
    this.tabStorage.removeItem(CHANGED_KEY);
    return isChanged;
  }

  /** @param {string} id */
  #onLogin(id) {
    this.#id = id;
    this.#signedOutAt = null;
    setItem(this.storage, LOGIN_TIME_KEY, String(Date.now()));
    // Storing the same value again would raise no event in tabs that wait for this user to return.
    this.storage.removeItem(USER_KEY);
    setItem(this.storage, USER_KEY, id);
  }

  #giveUp() {
    this.#id = null;
    this.#signedOutAt = null;
    this.socket.stop();
    setItem(this.tabStorage, CHANGED_KEY, "1");
    this.leave();
  }
}

/**
 * Store an item, or none where the storage is full: the next login of each tab finds another user as well.
 * @param {Storage} storage
 * @param {string} key
 * @param {string} value
 */
function setItem(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    storage.removeItem(key);
  }
}
