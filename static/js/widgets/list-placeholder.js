/** What stands where a list has nothing to show: that it is loading, that it is empty, or what went wrong and a button. */
import { clone, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

const SKELETONS = 4;

/** @typedef {{loading: true} | {failed: string, retry: () => void} | {empty: string} | null} ListState  null: there is something */

/** @param {HTMLElement} place an element for this alone @param {ListState} state */
export function showListState(place, state) {
  place.hidden = state === null;
  const kind = state ? Object.keys(state)[0] : "";
  if (place.dataset.state !== kind) {
    place.dataset.state = kind;
    place.replaceChildren(...made(kind));
  }
  if (!state || "loading" in state) return;
  setText(part(place, "text"), "failed" in state ? state.failed : state.empty);
  if (!("failed" in state)) return;
  const button = part(place, "retry");
  setText(button, t("timeline.retry"));
  button.onclick = state.retry;
}

/** @param {string} kind */
function made(kind) {
  if (kind === "loading") return Array.from({ length: SKELETONS }, () => clone("part-skeleton"));
  return kind ? [clone(kind === "failed" ? "part-list-failed" : "part-list-empty")] : [];
}
