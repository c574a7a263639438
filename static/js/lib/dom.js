/** Shared helpers of the widgets for finding, copying and updating elements. User text goes through textContent only. */
import { language, translateElements } from "./i18n.js";

/** The languages of the templates. Translating each copy would cost more than copying. @type {WeakMap<Element, string>} */
const templateLanguages = new WeakMap();

/**
 * Return the element with this id. Throws if the page has none, or one of another class.
 * @template {Element} [E=HTMLElement]
 * @param {string} id
 * @param {new () => E} [type]
 * @returns {E}
 */
export function byId(id, type) {
  return checked(document.getElementById(id), `#${id}`, type);
}

/**
 * Return a copy of the single element in a `<template>`, in the chosen language.
 * @template {Element} [E=HTMLElement]
 * @param {string} id
 * @param {new () => E} [type]
 * @returns {E}
 */
export function cloneTemplate(id, type) {
  const template = byId(id, HTMLTemplateElement);
  if (templateLanguages.get(template) !== language.code) {
    translateElements(template.content);
    templateLanguages.set(template, language.code);
  }
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  return checked(fragment.firstElementChild, `#${id} > *`, type);
}

/**
 * Return the first descendant whose `data-part` has this name. Throws if there is none, or one of another class.
 * @template {Element} [E=HTMLElement]
 * @param {ParentNode} root
 * @param {string} name
 * @param {new () => E} [type]
 * @returns {E}
 */
export function part(root, name, type) {
  return checked(root.querySelector(`[data-part="${name}"]`), `[data-part=${name}]`, type);
}

/**
 * Return the first descendant that matches. Throws if there is none, or one of another class.
 * @template {Element} [E=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => E} [type]
 * @returns {E}
 */
export function find(root, selector, type) {
  return checked(root.querySelector(selector), selector, type);
}

/**
 * @template {Element} E
 * @param {Element | null} element
 * @param {string} name
 * @param {new () => E} [type]
 * @returns {E}
 */
function checked(element, name, type) {
  // Without a class, callers get the default of their type parameter.
  const expected = type ?? HTMLElement;
  if (!(element instanceof expected)) throw new Error(`The page has no ${expected.name} ${name}`);
  return /** @type {E} */ (element);
}

/**
 * Return the element an event came from.
 * @param {Event} event
 * @returns {Element}
 */
export function targetOf(event) {
  return /** @type {Element} */ (event.target);
}

/** Tell whether the element is laid out, and so can have the focus. @param {Element} element */
export function isVisible(element) {
  return element.getClientRects().length > 0;
}

/** Tell whether the user has put the focus somewhere. */
export function hasFocus() {
  const { activeElement, body } = document;
  return activeElement !== null && activeElement !== body && isVisible(activeElement);
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The keys of lists' children. An attribute takes ten times as long to read. @type {WeakMap<Element, string>} */
const keys = new WeakMap();

/**
 * Make the children of `list` those of `items`, in order, and reuse the elements of known keys. The focus moves with
 * its element; if that goes away, the corresponding control of a neighbouring entry gets the focus.
 * @template T
 * @param {Element} list
 * @param {T[]} items
 * @param {{key: (item: T) => string, create: (item: T) => HTMLElement,
 *   update: (element: HTMLElement, item: T) => void}} options
 */
export function reconcile(list, items, { key, create, update }) {
  const wanted = new Set(items.map(key));
  /** @type {Map<string, HTMLElement>} */
  const known = new Map();
  let focusIndex = -1;
  let focusSelector = "";
  for (const child of /** @type {HTMLElement[]} */ ([...list.children])) {
    const name = keys.get(child);
    if (name !== undefined && wanted.has(name)) {
      known.set(name, child);
      continue;
    }
    if (child.contains(document.activeElement)) {
      focusIndex = known.size;
      focusSelector = selectorOf(document.activeElement);
    }
    child.remove();
  }
  const focused = /** @type {HTMLElement | null} */ (list.contains(document.activeElement) ? document.activeElement : null);
  let next = list.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let element = known.get(name);
    if (!element) {
      element = create(item);
      element.dataset.key = name;
      keys.set(element, name);
    }
    update(element, item);
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
  // An element that moves loses the focus.
  if (focused && focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });
  if (focusSelector) focusNearest(list, focusIndex, focusSelector);
}

/**
 * Return a selector for the same control in another entry, or "".
 * @param {Element | null} element
 */
function selectorOf(element) {
  const { part: name, testid } = element instanceof HTMLElement ? element.dataset : {};
  if (name) return `[data-part="${name}"]`;
  return testid ? `[data-testid="${testid}"]` : "";
}

/** @param {Element} list @param {number} index @param {string} selector */
function focusNearest(list, index, selector) {
  const entries = [...list.children];
  for (const entry of [...entries.slice(index), ...entries.slice(0, index).reverse()]) {
    const control = /** @type {HTMLElement | null} */ (entry.querySelector(selector));
    if (!control || !isVisible(control)) continue;
    control.focus({ preventScroll: true });
    return;
  }
}
