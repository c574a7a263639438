/** Menus that open at a button. Arrow keys, Home and End move in them; Esc or a click elsewhere closes them. */
import { cloneTemplate, part } from "../lib/dom.js";

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

/** @param {HTMLElement} button @param {MenuItem[]} items */
export function openMenu(button, items) {
  if (button.getAttribute("aria-expanded") === "true" || items.length === 0) return;
  const menu = cloneTemplate("template-menu");
  const elements = items.map((item) => createItem(item, () => menu.hidePopover()));
  menu.append(...elements);
  menu.addEventListener("keydown", (event) => onKey(menu, elements, event));
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return;
    button.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    menu.remove();
  });
  document.body.append(menu);
  menu.showPopover();
  placeMenu(menu, button);
  button.setAttribute("aria-expanded", "true");
  const checked = items.findIndex(({ isChecked }) => isChecked);
  elements[Math.max(0, checked)].focus();
}

export function closeMenus() {
  for (const menu of document.querySelectorAll("body > .menu")) /** @type {HTMLElement} */ (menu).hidePopover();
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

/** @param {HTMLElement} menu @param {HTMLElement[]} items @param {KeyboardEvent} event */
function onKey(menu, items, event) {
  const current = items.findIndex((item) => item === document.activeElement);
  const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
}
