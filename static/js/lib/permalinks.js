/**
 * Addresses of channels and messages: the page's own, with `#<channel>` or `#<channel>/<message's number>`. The part
 * after `#` never reaches a server. Pure.
 *
 * @typedef {{target: string, seq: number | null}} Place  a channel, or one of its messages
 * @typedef {Pick<Location, "origin" | "pathname">} PageAddress
 */

const PLACE = /^#(\d{1,19})(?:\/(\d{1,15}))?$/;

/** Return the place that the part of an address after its path names; null if it names none. @param {string} hash @returns {Place | null} */
export function parsePlace(hash) {
  const [, target, seq] = PLACE.exec(hash) ?? [];
  return target ? { target, seq: seq ? Number(seq) : null } : null;
}

/** Return the part of an address that names a place. @param {Place} place */
export function formatPlace({ target, seq }) {
  return seq === null ? `#${target}` : `#${target}/${seq}`;
}

/**
 * Return the address of a message. A global channel belongs to an app, which its address names.
 * @param {{target: string, seq: number}} message
 * @param {number | undefined} appId of a global channel
 * @param {PageAddress} page
 */
export function messageAddress({ target, seq }, appId, { origin, pathname }) {
  return `${origin}${pathname}${appId === undefined ? "" : `?appId=${appId}`}${formatPlace({ target, seq })}`;
}

/** Return the place that a link leads to on this page; null for every other link. @param {string} href @param {PageAddress} page @returns {Place | null} */
export function placeOfLink(href, { origin, pathname }) {
  const [address, hash = ""] = href.split(/(?=#)/, 2);
  const isOwn = address.split("?", 1)[0] === `${origin}${pathname}`;
  return isOwn ? parsePlace(hash) : null;
}
