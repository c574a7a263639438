/**
 * Parses the address of a link with a label, `[label](https://…)`, and tells when a label names another host than the one
 * the link leads to. Pure.
 */
import { asciiHost } from "./hosts.js";
import { safeHref } from "./links.js";

const START = /\((?:https?:\/\/|mailto:)/iy;
const MAX_LENGTH = 2000;
/** A run of characters that neither end the address nor are brackets. */
const PLAIN = /[^\s<>"\p{Cc}()]*/uy;
/** Marks that look like the dot of a host, beside those that NFKC makes one. */
const DOTS = /[。｡]/g;
const INVISIBLE = /\p{Cf}/gu;
const BETWEEN_HOSTS = /[^\p{L}\p{M}\p{N}.-]+/u;
/** The end of a word that looks like a host: a top-level domain, or an address in numbers. */
const HOST_END = /\.(?:\p{L}[\p{L}\p{M}\p{N}-]+|\d{1,3}\.\d{1,3}\.\d{1,3})$/u;

/**
 * Return the address in the brackets that begin at `start`, and where they end, or null if no link can lead there.
 * @param {string} text
 * @param {number} start
 * @returns {{href: string, end: number} | null}
 */
export function destinationAt(text, start) {
  START.lastIndex = start;
  if (!START.test(text)) return null;
  let depth = 0;
  for (let index = start; "()".includes(text.charAt(index) || " ") && index - start < MAX_LENGTH; ) {
    depth += text[index] === "(" ? 1 : -1;
    if (depth === 0) {
      const href = safeHref(text.slice(start + 1, index));
      return href && hostOf(href) ? { href, end: index + 1 } : null;
    }
    PLAIN.lastIndex = index + 1;
    PLAIN.test(text);
    index = PLAIN.lastIndex;
  }
  return null;
}

/**
 * Return the host that the reader must see beside the label, because the label looks like the address of another one;
 * else "".
 * @param {string} label
 * @param {string} href
 */
export function hiddenHost(label, href) {
  const host = hostOf(href);
  const words = label.normalize("NFKC").replace(INVISIBLE, "").replace(DOTS, ".").split(BETWEEN_HOSTS);
  const named = words.map((word) => word.replace(/^\.+/, "").replace(/\.$/, "")).filter((word) => HOST_END.test(word));
  return named.every((name) => comparable(asciiHost(name) ?? name) === comparable(host)) ? "" : host;
}

/** Return the host of a web or mail address. @param {string} href */
function hostOf(href) {
  const { protocol, hostname, pathname } = new URL(href);
  return protocol === "mailto:" ? pathname.slice(pathname.lastIndexOf("@") + 1) : hostname;
}

/** @param {string} host */
function comparable(host) {
  return host.toLowerCase().replace(/^www\./, "");
}
