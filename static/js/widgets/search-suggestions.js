/**
 * Buttons below the search field that complete its last word to an operator, such as `has:file` or `in:general`.
 *
 * @import { User } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
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
  const shown = suggestions(query, { channels, users: knownUsers(store) });
  container.hidden = shown.length === 0;
  if (container.dataset.shown === JSON.stringify(shown)) return;
  container.dataset.shown = JSON.stringify(shown);
  container.replaceChildren(
    ...shown.map(({ text, about, query: next }) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "search-suggestion", dir: "auto" });
      const label = Object.assign(document.createElement("bdi"), { className: "secondary-text", textContent: about });
      button.append(text, ...(about ? [" ", label] : []));
      button.dataset.testid = "search-suggestion";
      button.addEventListener("click", () => onChosen(next));
      return button;
    }),
  );
}

/** The users whom the page knows, without the user: those of the open channel first, then those of other channels and the contacts. @param {Store} store */
function knownUsers({ members, online, channels, contacts, currentTarget, me }) {
  const here = members.get(currentTarget ?? "")?.members ?? [];
  const others = [...members.values()].flatMap((loaded) => loaded.members);
  const peers = [...channels.values()].flatMap(({ peer }) => peer ?? []);
  /** @type {User[]} */
  const all = [...here, ...peers, ...others, ...contacts.users, ...online.values()];
  return [...new Map(all.map((user) => [user.id, user])).values()].filter(({ id }) => id !== me?.id);
}
