/** Popups that open at a button. Esc, Tab, a click elsewhere or a focus elsewhere closes them. One is open at a time. */
import { targetOf } from "../lib/dom.js";
import { isInputMethodKey } from "../lib/keys.js";

/** Distance from the window's edges, and from the button, in px. */
const MARGIN = 8;
const BUTTON_GAP = 4;

let closeOpenPopup = () => {};

/** Close the open popup, if there is one. */
export function closePopup() {
  closeOpenPopup();
}

/**
 * Open a popup at the button. If the button's popup is open, close it instead and return null.
 * @param {HTMLElement} button
 * @param {() => HTMLElement} create called if a popup opens
 * @param {{closesOnTab?: boolean, returnTo?: HTMLElement}} [options]  `returnTo`: gets the focus of the popup when it closes
 * @returns {(() => void) | null} closes the popup
 */
export function openPopup(button, create, { closesOnTab = true, returnTo = button } = {}) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  closePopup();
  if (isOpen) return null;
  const popup = create();
  const closing = new AbortController();
  const close = () => {
    closing.abort();
    closeOpenPopup = () => {};
    button.setAttribute("aria-expanded", "false");
    if (popup.contains(document.activeElement) || document.activeElement === document.body) returnTo.focus({ preventScroll: true });
    popup.remove();
  };
  closeOpenPopup = close;
  const options = { capture: true, signal: closing.signal };
  document.addEventListener("keydown", (event) => closeByKey(close, closesOnTab, event), options);
  document.addEventListener("pointerdown", (event) => {
    const target = targetOf(event);
    // A click on the button closes the popup itself.
    if (!popup.contains(target) && !button.contains(target)) close();
  }, options);
  document.addEventListener("focusin", (event) => {
    if (!popup.contains(targetOf(event))) close();
  }, options);
  document.body.append(popup);
  place(popup, button);
  button.setAttribute("aria-expanded", "true");
  return close;
}

/** Place the popup below the button, or above it where there is no room, within the window. @param {HTMLElement} popup @param {HTMLElement} button */
function place(popup, button) {
  const rect = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const fitsBelow = rect.bottom + BUTTON_GAP + height + MARGIN <= innerHeight;
  const left = rect.left + width + MARGIN <= innerWidth ? rect.left : rect.right - width;
  const top = fitsBelow ? rect.bottom + BUTTON_GAP : rect.top - BUTTON_GAP - height;
  popup.style.left = `${Math.max(MARGIN, left)}px`;
  popup.style.top = `${Math.max(MARGIN, top)}px`;
}

/** @param {() => void} close @param {boolean} closesOnTab @param {KeyboardEvent} event */
function closeByKey(close, closesOnTab, event) {
  if (isInputMethodKey(event)) return;
  if (event.key === "Tab" && closesOnTab) close();
  if (event.key !== "Escape") return;
  close();
  event.preventDefault();
  // The page's own Escape must not leave a reply or a panel as well.
  event.stopPropagation();
}
