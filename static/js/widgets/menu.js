/** Menus that open at a button. Arrow keys, Home and End move in them; Esc or a click elsewhere closes them. */
import { cloneTemplate, part } from "../lib/dom.js";
import { openPopup } from "./popup.js";

/**
 * @typedef {{text: string, icon: string, isChecked?: boolean, isDestructive?: boolean, testid?: string,
 *   run: () => void}} MenuItem  `isChecked`: makes it a radio item
 */

/** @param {HTMLElement} button @param {() => MenuItem[]} items called each time the menu opens */
export function attachMenu(button, items) {
  button.addEventListener("click", () => openMenu(button, items()));
}

/**
 * Open a menu at the button, or close it if it is open.
 * @param {HTMLElement} button
 * @param {MenuItem[]} items
 * @param {{returnTo?: HTMLElement}} [options]  `returnTo`: gets the focus when it closes; by default the button
 */
export function openMenu(button, items, options) {
  if (items.length === 0) return;
  let close = () => {};
  const elements = items.map((item) => createItem(item, () => close()));
  const opened = openPopup(button, () => {
    const menu = cloneTemplate("template-menu");
    menu.append(...elements);
    menu.addEventListener("keydown", (event) => moveFocus(elements, event));
    return menu;
  }, options);
  if (!opened) return;
  close = opened;
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

/** @param {HTMLElement[]} items @param {KeyboardEvent} event */
function moveFocus(items, event) {
  const current = items.findIndex((item) => item === document.activeElement);
  const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
}
