/**
 * The keyboard shortcuts of the whole page; `?` lists them.
 *
 * @import { Composer } from "./composer.js"
 * @import { Layout } from "./layout.js"
 * @import { QuickSwitcher } from "./quick-switcher.js"
 * @import { SearchPanel } from "./search-panel.js"
 * @import { Sidebar } from "./sidebar.js"
 * @import { Timeline } from "./timeline.js"
 * @import { UserDialogs } from "./user-dialogs.js"
 */
import { byId, targetOf } from "../lib/dom.js";
import { isInputMethodKey } from "../lib/keys.js";
import { openDialog } from "./dialog.js";

export function showShortcuts() {
  openDialog("dialog-shortcuts");
  // The focus is on the button at its end.
  byId("dialog-shortcuts").scrollTop = 0;
}

export class Shortcuts {
  /**
   * @param {{sidebar: Sidebar, composer: Composer, timeline: Timeline, layout: Layout, userDialogs: UserDialogs,
   *   search: SearchPanel, switcher: QuickSwitcher, chooseFiles: () => void, isGuest: () => boolean}} deps
   */
  constructor(deps) {
    this.deps = deps;
    document.addEventListener("keydown", (event) => {
      const isOverlayOpen = document.querySelector("dialog[open], .menu") !== null;
      if (event.defaultPrevented || isInputMethodKey(event) || isOverlayOpen || !deps.layout.isOpen) return;
      if (this.#handle(event)) event.preventDefault();
    });
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was a shortcut */
  #handle(event) {
    const { sidebar, switcher } = this.deps;
    const { altKey, shiftKey, key } = event;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && !altKey && key.toLowerCase() === "k") switcher.show();
    else if (altKey && !isCommand && (key === "ArrowUp" || key === "ArrowDown")) {
      sidebar.channelList.openNeighbour(key === "ArrowUp" ? -1 : 1, shiftKey);
    } else if (altKey && !isCommand && this.#handleAlt(event.code)) return true;
    else if (key === "Escape") this.#onEscape();
    else if (key === "?" && !this.#isTyping(event)) showShortcuts();
    else return false;
    return true;
  }

  /** @param {string} code of the key's position: with Alt, some keyboards produce other characters @returns {boolean} */
  #handleAlt(code) {
    const { sidebar, layout, userDialogs, search, chooseFiles, isGuest } = this.deps;
    if (code === "KeyM") this.#focusLastMessage();
    else if (code === "KeyN" && !isGuest()) userDialogs.findUsers();
    else if (code === "KeyP" && !isGuest()) {
      sidebar.toggle();
      layout.focusFilter(sidebar.filter);
    } else if (code === "KeyI") layout.togglePanel("details");
    else if (code === "KeyK") search.show();
    else if (code === "KeyU") chooseFiles();
    else return false;
    return true;
  }

  /** Return true if the key types a character into a field; an empty composer does not count. @param {KeyboardEvent} event */
  #isTyping(event) {
    const { field } = this.deps.composer;
    const isEmptyComposer = event.target === field && field.value === "";
    return targetOf(event).matches("input, textarea, select") && !isEmptyComposer;
  }

  #focusLastMessage() {
    /** @type {NodeListOf<HTMLElement>} */
    const messages = this.deps.timeline.list.querySelectorAll(".message");
    messages[messages.length - 1]?.focus();
  }

  #onEscape() {
    const { composer, layout, timeline } = this.deps;
    if (composer.cancel()) return;
    if (layout.isPanelOverTimeline) layout.closePanel();
    else if (!timeline.isPinned) timeline.jumpToLatest();
  }
}
