/**
 * The token of an invite link, from the page's address until the user can use it: visitors sign in first. It lies in the
 * tab's storage and not in the address, which the sign-in page would send to the server.
 */

const ADDRESS = /^#join\/([\w-]{1,64})$/;
const KEY = "im.join";

export class JoinAddress {
  /** @param {{storage: Storage, location: Location, history: History}} browser */
  constructor({ storage, location, history }) {
    this.storage = storage;
    this.location = location;
    this.history = history;
    this.take();
  }

  /** Move a token from the address to the storage; return whether there was one. */
  take() {
    const { hash, pathname, search } = this.location;
    const [, token] = ADDRESS.exec(hash) ?? [];
    if (!token) return false;
    this.storage.setItem(KEY, token);
    this.history.replaceState(this.history.state, "", pathname + search);
    return true;
  }

  /** The token that waits, or "". */
  get token() {
    return this.storage.getItem(KEY) ?? "";
  }

  forget() {
    this.storage.removeItem(KEY);
  }
}

/** Return the address of a link with this token. @param {string} token @param {Pick<Location, "origin" | "pathname">} page */
export function joinLink(token, { origin, pathname }) {
  return `${origin}${pathname}#join/${token}`;
}
