/** The keys that work anywhere on the page; `?` lists them. */
/**
 * @import { Composer } from "./composer.js"
 * @import { Layout } from "./layout.js"
 * @import { PeopleDialogs } from "./people-dialogs.js"
 * @import { SearchPanel } from "./search-panel.js"
 * @import { Sidebar } from "./sidebar.js"
 * @import { Timeline } from "./timeline.js"
 */
import { openDialog } from "./dialog.js";

export function showShortcuts() {
  openDialog("dialog-shortcuts");
}

/**
 * @param {{sidebar: Sidebar, composer: Composer, timeline: Timeline, layout: Layout, dialogs: PeopleDialogs,
 *   search: SearchPanel, isGuest: () => boolean}} parts
 */
export function attachShortcuts({ sidebar, composer, timeline, layout, dialogs, search, isGuest }) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open], .menu:popover-open")) return;
    if (byKey(event)) event.preventDefault();
  });

  /** @param {KeyboardEvent} event @returns {boolean} whether the key did something */
  function byKey(event) {
    const { altKey, shiftKey, code, key } = event;
    const control = event.ctrlKey || event.metaKey;
    const writing = /** @type {Element} */ (event.target).matches("input, textarea, select");
    if (!layout.isOpen) return false;
    if (control && !altKey && key.toLowerCase() === "k") layout.focusFilter(sidebar.channels.filter);
    else if (altKey && !control && (key === "ArrowUp" || key === "ArrowDown")) sidebar.channels.step(key === "ArrowUp" ? -1 : 1, shiftKey);
    // By position of the key: with Alt, some keyboards give another letter.
    else if (altKey && !control && code === "KeyM") focusLastMessage();
    else if (altKey && !control && code === "KeyN" && !isGuest()) dialogs.newChat();
    else if (altKey && !control && code === "KeyP" && !isGuest()) showPeople();
    else if (altKey && !control && code === "KeyI") layout.toggle("details");
    else if (altKey && !control && code === "KeyK") search.show();
    else if (key === "Escape") escape();
    else if (key === "?" && (!writing || isEmptyComposer(event.target))) showShortcuts();
    else return false;
    return true;
  }

  /** @param {EventTarget | null} target */
  function isEmptyComposer(target) {
    return target === composer.field && composer.field.value === "";
  }

  function showPeople() {
    sidebar.toggle();
    layout.focusFilter(sidebar.channels.filter);
  }

  function focusLastMessage() {
    const messages = timeline.list.querySelectorAll(".message");
    messages[messages.length - 1]?.focus();
  }

  function escape() {
    if (composer.cancel()) return;
    if (layout.liesOver) layout.show(null);
    else if (!timeline.pinned) timeline.goToNewest();
  }
}
