/**
 * Buttons below the search field that complete its last word to an operator, such as `has:file` or `in:general`.
 *
 * @import { Store } from "../state/store.js"
 */
import { suggestions } from "../lib/search-operators.js";

/**
 * @param {HTMLElement} container
 * @param {string} query
 * @param {Store} store
 * @param {(query: string) => void} onChosen
 */
export function renderSearchSuggestions(container, query, store, onChosen) {
  const channels = [...store.channels.values()].flatMap(({ kind, name, peer }) => (kind === "private" ? (peer?.userId ?? []) : (name || [])));
  const users = [...store.channels.values()].flatMap(({ peer }) => peer?.userId ?? []);
  const shown = suggestions(query, { channels, users });
  container.hidden = shown.length === 0;
  if (container.dataset.shown === JSON.stringify(shown)) return;
  container.dataset.shown = JSON.stringify(shown);
  container.replaceChildren(
    ...shown.map(({ text, query: next }) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "search-suggestion", textContent: text, dir: "auto" });
      button.dataset.testid = "search-suggestion";
      button.addEventListener("click", () => onChosen(next));
      return button;
    }),
  );
}
