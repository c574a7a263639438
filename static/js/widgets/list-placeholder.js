/** Takes the place of an empty list: it is loading, it has no entries, or an error with a button to try again. */
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/**
 * @typedef {{isLoading: true} | {error: string, retry: () => void} | {empty: string} | null} ListState
 *   null: the list has entries
 */

const SKELETONS = 4;

/** @param {HTMLElement} element that holds nothing else @param {ListState} state */
export function showListPlaceholder(element, state) {
  element.hidden = state === null;
  const kind = state === null ? "" : "isLoading" in state ? "loading" : "error" in state ? "error" : "empty";
  if (element.dataset.state !== kind) {
    element.dataset.state = kind;
    element.replaceChildren(...createContent(kind));
  }
  if (!state || "isLoading" in state) return;
  setText(part(element, "text"), "error" in state ? state.error : state.empty);
  if (!("error" in state)) return;
  const button = part(element, "retry");
  setText(button, t("timeline.retry"));
  button.onclick = state.retry;
}

/** @param {"" | "loading" | "error" | "empty"} kind */
function createContent(kind) {
  if (kind === "") return [];
  if (kind === "loading") return Array.from({ length: SKELETONS }, () => cloneTemplate("template-skeleton"));
  return [cloneTemplate(kind === "error" ? "template-list-error" : "template-list-empty")];
}
