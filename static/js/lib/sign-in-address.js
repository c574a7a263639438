/** Addresses of the pages on which a visitor signs in or registers, and from which they come back to the same place. */

/** @param {"login" | "register"} page @param {Pick<Location, "pathname" | "search" | "hash">} [place] */
export function signInAddress(page, { pathname, search, hash } = location) {
  // The part after "#" names the channel or message; the server has not seen it.
  return `/accounts/${page}/?next=${encodeURIComponent(pathname + search + hash)}`;
}
