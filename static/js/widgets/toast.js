/** Shows a short message about a result or an error, and hides it again. */
import { byId } from "../lib/dom.js";
import { errorReplyText } from "../lib/error-messages.js";
import { t } from "../lib/i18n.js";
import { DisconnectedError, RequestError } from "../net/protocol.js";

const DURATION_MS = 6000;
/** Time to decide whether to use the action. */
const ACTION_DURATION_MS = 15_000;
let hideTimer = 0;
/** The element that had the focus before the toast's button. @type {EventTarget | null} */
let focusOrigin = null;

/**
 * Show the text for some seconds, and as long as the pointer or the focus is in it.
 * @param {string} text
 * @param {{isError?: boolean, action?: {text: string, run: () => void} | null}} [options] `action`: shown as a link after the text
 */
export function showToast(text, { isError = false, action = null } = {}) {
  const toast = byId("toast");
  leaveToast();
  toast.hidden = false;
  // Showing it again puts it above a dialog that was opened since. A browser without popovers shows it below.
  toast.hidePopover?.();
  toast.showPopover?.();
  toast.replaceChildren(text, ...(action ? [" ", actionButton(action)] : []));
  toast.classList.toggle("is-error", isError);
  hideLater(action ? ACTION_DURATION_MS : DURATION_MS);
}

/** @param {number} duration in milliseconds */
function hideLater(duration) {
  clearTimeout(hideTimer);
  hideTimer = setTimeout(() => (byId("toast").matches(":hover, :focus-within") ? hideLater(DURATION_MS) : hideToast()), duration);
}

/** @param {{text: string, run: () => void}} action */
function actionButton({ text, run }) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: text });
  button.dataset.testid = "notice-action";
  button.addEventListener("focus", ({ relatedTarget }) => (focusOrigin = relatedTarget));
  button.addEventListener("click", () => {
    hideToast();
    run();
  });
  return button;
}

export function hideToast() {
  clearTimeout(hideTimer);
  leaveToast();
  byId("toast").hidden = true;
}

/** Give the focus of the toast back to where it was. */
function leaveToast() {
  if (byId("toast").contains(document.activeElement) && focusOrigin instanceof HTMLElement) focusOrigin.focus({ preventScroll: true });
}

/** @param {unknown} error */
export function showErrorToast(error) {
  showToast(errorText(error), { isError: true });
}

/**
 * Explain a failed request to the user. Raises any other error, which is a bug.
 * @param {unknown} error
 * @returns {string}
 */
export function errorText(error) {
  if (error instanceof DisconnectedError) return t("error.offline");
  if (!(error instanceof RequestError)) throw error;
  return errorReplyText(error) || error.message;
}
