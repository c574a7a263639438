/** The few things every widget does with the document. User text only ever goes through textContent. */
import { apply } from "./i18n.js";

/** The element of this id, which the page's markup promises. @param {string} id @returns {any} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element;
}

/** A copy of a <template>'s one element, in the chosen language. @param {string} id @returns {any} */
export function clone(id) {
  const fragment = /** @type {DocumentFragment} */ (byId(id).content.cloneNode(true));
  apply(fragment);
  return fragment.firstElementChild;
}

/** The part of a widget that its markup names so. @param {ParentNode} root @param {string} name @returns {any} */
export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of a list those of `items`, in order, reusing the elements of known keys. What had the focus in one
 * that goes away hands it to its like in the one that follows.
 * @template T
 * @param {Element} list
 * @param {T[]} items
 * @param {{key: (item: T) => string, create: (item: T) => any, update: (element: any, item: T) => void}} how
 */
export function reconcile(list, items, { key, create, update }) {
  const wanted = new Set(items.map(key));
  /** @type {Map<string, Element>} */
  const known = new Map();
  /** @type {{at: number, like: string} | null} */
  let lost = null;
  for (const child of /** @type {HTMLElement[]} */ ([...list.children])) {
    const name = child.dataset.key;
    if (name !== undefined && wanted.has(name)) known.set(name, child);
    else {
      if (child.contains(document.activeElement)) lost = { at: known.size, like: likeOf(document.activeElement) };
      child.remove();
    }
  }
  let next = list.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let element = known.get(name);
    if (!element) {
      element = /** @type {HTMLElement} */ (create(item));
      /** @type {HTMLElement} */ (element).dataset.key = name;
    }
    update(element, item);
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
  if (lost?.like) focusLike(list, lost.at, lost.like);
}

/** A selector for what has the same place in another entry. @param {any} element */
function likeOf({ dataset }) {
  if (dataset.part) return `[data-part="${dataset.part}"]`;
  return dataset.testid ? `[data-testid="${dataset.testid}"]` : "";
}

/** @param {Element} list @param {number} at @param {string} like */
function focusLike(list, at, like) {
  const following = [...list.children].slice(at);
  const before = [...list.children].slice(0, at).reverse();
  for (const entry of [...following, ...before]) {
    const found = /** @type {HTMLElement | null} */ (entry.querySelector(like));
    if (!found?.checkVisibility()) continue;
    found.focus({ preventScroll: true });
    return;
  }
}

/** Milliseconds between two runs of the same work: under a flood of news it is seen at once, and leaves time to act. */
const PACE = 80;

/**
 * Collects calls into a single one at the next frame, or soon where the page is not shown and has no frames.
 * @param {() => void} work
 */
export function soon(work) {
  let due = false;
  let last = -PACE;
  const run = () => {
    if (!due) return;
    due = false;
    last = performance.now();
    work();
  };
  const next = () => {
    requestAnimationFrame(run);
    setTimeout(run, 50);
  };
  return () => {
    if (due) return;
    due = true;
    const wait = last + PACE - performance.now();
    if (wait > 0) setTimeout(next, wait);
    else next();
  };
}
