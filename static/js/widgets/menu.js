/** A menu that opens at a button. Arrows, Home, End and letters move in it; Esc and a click elsewhere close it. */
import { clone, part } from "../lib/dom.js";

/** @typedef {{text: string, icon: string, checked?: boolean, danger?: boolean, testid?: string, run: () => void}} Item */

const EDGE = 8;

/** @param {HTMLElement} button @param {() => Item[]} items asked each time it opens */
export function attachMenu(button, items) {
  button.addEventListener("click", () => openMenu(button, items()));
}

/** @param {HTMLElement} button @param {Item[]} items */
export function openMenu(button, items) {
  if (button.getAttribute("aria-expanded") === "true" || items.length === 0) return;
  const menu = clone("part-menu");
  menu.append(...items.map((item) => entry(item, () => menu.hidePopover())));
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => move(menu, event));
  menu.addEventListener("toggle", (/** @type {ToggleEvent} */ event) => {
    if (event.newState === "open") return;
    button.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    menu.remove();
  });
  document.body.append(menu);
  menu.showPopover();
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild).focus();
}

/** @param {Item} item @param {() => void} close */
function entry(item, close) {
  const element = clone("part-menu-item");
  part(element, "icon").setAttribute("href", `#i-${item.checked ? "tick" : item.icon}`);
  part(element, "text").textContent = item.text;
  element.classList.toggle("danger-text", Boolean(item.danger));
  if (item.testid) element.dataset.testid = item.testid;
  if (item.checked !== undefined) {
    element.setAttribute("role", "menuitemradio");
    element.setAttribute("aria-checked", String(item.checked));
  }
  element.addEventListener("click", () => {
    close();
    item.run();
  });
  return element;
}

/** Below the button where there is room, else above; never out of the window. @param {HTMLElement} menu @param {HTMLElement} button */
function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height + EDGE <= innerHeight;
  const left = at.left + width + EDGE <= innerWidth ? at.left : at.right - width;
  menu.style.left = `${Math.max(EDGE, left)}px`;
  menu.style.top = `${Math.max(EDGE, below ? at.bottom + 4 : at.top - 4 - height)}px`;
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event */
function move(menu, event) {
  const items = /** @type {HTMLElement[]} */ ([...menu.children]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") /** @type {any} */ (menu).hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length].focus();
}
