/** A line that appears for a moment: what happened, or what did not. */
import { Disconnected, Refused } from "../net/protocol.js";
import { byId } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { refusalText } from "../lib/error-messages.js";

const SHOWN_FOR = 6000;
let timer = 0;

/** @param {string} text @param {boolean} [bad] */
export function showNotice(text, bad = false) {
  const place = byId("notice");
  // Above a dialog that is open, whichever came first.
  place.hidePopover();
  place.showPopover();
  place.textContent = text;
  place.classList.toggle("bad", bad);
  clearTimeout(timer);
  timer = setTimeout(() => place.hidePopover(), SHOWN_FOR);
}

/** @param {unknown} error */
export function showError(error) {
  showNotice(errorText(error), true);
}

/** What an error means to a person, in their language. @param {unknown} error */
export function errorText(error) {
  if (error instanceof Disconnected) return t("notice.offline");
  if (!(error instanceof Refused)) throw error;
  return refusalText(error) || error.message;
}
