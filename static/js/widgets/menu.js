/** Menus that open at a button. Arrow keys, Home and End move in them; Esc or a click elsewhere closes them. */
import { cloneTemplate, part, targetOf } from "../lib/dom.js";

/**
 * @typedef {{text: string, icon: string, isChecked?: boolean, isDestructive?: boolean, testid?: string,
 *   run: () => void}} MenuItem  `isChecked`: makes it a radio item
 */

/** Distance from the window's edges, and from the button, in px. */
const MARGIN = 8;
const BUTTON_GAP = 4;

/** @param {HTMLElement} button @param {() => MenuItem[]} items called each time the menu opens */
export function attachMenu(button, items) {
  button.addEventListener("click", () => openMenu(button, items()));
}

let closeOpenMenu = () => {};

/** Close the open menu, if there is one. */
export function closeMenu() {
  closeOpenMenu();
}

/** Open a menu at the button, or close it if it is open. @param {HTMLElement} button @param {MenuItem[]} items */
export function openMenu(button, items) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  closeMenu();
  if (isOpen || items.length === 0) return;
  const menu = cloneTemplate("template-menu");
  const closing = new AbortController();
  const close = () => {
    closing.abort();
    closeOpenMenu = () => {};
    button.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    menu.remove();
  };
  closeOpenMenu = close;
  const elements = items.map((item) => createItem(item, close));
  menu.append(...elements);
  menu.addEventListener("keydown", (event) => moveFocus(elements, event));
  const options = { capture: true, signal: closing.signal };
  document.addEventListener("keydown", (event) => closeByKey(close, event), options);
  document.addEventListener("pointerdown", (event) => {
    const target = targetOf(event);
    // A click on the button closes the menu itself.
    if (!menu.contains(target) && !button.contains(target)) close();
  }, options);
  document.body.append(menu);
  placeMenu(menu, button);
  button.setAttribute("aria-expanded", "true");
  const checked = items.findIndex(({ isChecked }) => isChecked);
  elements[Math.max(0, checked)].focus();
}

/** @param {MenuItem} item @param {() => void} close */
function createItem({ text, icon, isChecked, isDestructive = false, testid, run }, close) {
  const element = cloneTemplate("template-menu-item", HTMLButtonElement);
  part(element, "icon", SVGElement).setAttribute("href", `#icon-${isChecked ? "check" : icon}`);
  part(element, "text").textContent = text;
  element.classList.toggle("destructive", isDestructive);
  if (testid) element.dataset.testid = testid;
  if (isChecked !== undefined) {
    element.setAttribute("role", "menuitemradio");
    element.setAttribute("aria-checked", String(isChecked));
  }
  element.addEventListener("click", () => {
    close();
    run();
  });
  return element;
}

/** Place the menu below the button, or above it where there is no room, within the window. @param {HTMLElement} menu @param {HTMLElement} button */
function placeMenu(menu, button) {
  const rect = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const fitsBelow = rect.bottom + BUTTON_GAP + height + MARGIN <= innerHeight;
  const left = rect.left + width + MARGIN <= innerWidth ? rect.left : rect.right - width;
  const top = fitsBelow ? rect.bottom + BUTTON_GAP : rect.top - BUTTON_GAP - height;
  menu.style.left = `${Math.max(MARGIN, left)}px`;
  menu.style.top = `${Math.max(MARGIN, top)}px`;
}

/** @param {() => void} close @param {KeyboardEvent} event */
function closeByKey(close, event) {
  if (event.key === "Tab") close();
  if (event.key !== "Escape") return;
  close();
  event.preventDefault();
  // The page's own Escape must not leave a reply or a panel as well.
  event.stopPropagation();
}

/** @param {HTMLElement[]} items @param {KeyboardEvent} event */
function moveFocus(items, event) {
  const current = items.findIndex((item) => item === document.activeElement);
  const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
}
