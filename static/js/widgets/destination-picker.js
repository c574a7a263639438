/**
 * Searches channels and users, and selects several of them.
 *
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Destination } from "../state/destinations.js"
 * @import { Store } from "../net/state/store.js"
 * @import { ListState } from "./list-placeholder.js"
 */
import { cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { channelDestinations, userDestinations } from "../state/destinations.js";
import { showAvatar, showChannelAvatar } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { errorText } from "./toast.js";

const SEARCH_DELAY_MS = 200;
const MAX_RESULTS = 50;

export class DestinationPicker {
  /** The selected destinations by key. @type {Map<string, Destination>} */ selected = new Map();
  #timer = 0;
  #searchCount = 0;
  #activeIndex = 0;
  /** @type {Destination[]} */ #results = [];

  /**
   * @param {ParentNode} dialog that holds the picker's markup
   * @param {{store: Store, api: ChatApi, onChange: () => void}} options `onChange`: the selection has changed
   */
  constructor(dialog, { store, api, onChange }) {
    const root = part(dialog, "user-picker");
    this.store = store;
    this.api = api;
    this.onChange = onChange;
    this.field = part(root, "search", HTMLInputElement);
    this.options = part(root, "options");
    this.chips = part(root, "chips");
    this.placeholder = part(root, "placeholder");
    this.field.value = "";
    this.field.oninput = () => this.#onInput();
    this.field.onkeydown = (event) => this.#onKey(event);
    this.#renderChips();
    this.#onInput();
  }

  /** @param {Destination} destination */
  unselect({ key }) {
    if (!this.selected.delete(key)) return;
    this.#renderChips();
    this.#render();
    this.onChange();
  }

  get #channels() {
    return [...this.store.channels.values()];
  }

  /** Channels are found at once, users after a request. */
  #onInput() {
    const q = this.field.value.trim();
    const count = ++this.#searchCount;
    clearTimeout(this.#timer);
    this.#activeIndex = 0;
    this.#results = channelDestinations(this.#channels, q, this.store.contacts, Date.now()).slice(0, MAX_RESULTS);
    this.#render(q ? { isLoading: true } : { empty: t("forward.noChannels") });
    if (q) this.#timer = setTimeout(() => this.#searchUsers(q, count), SEARCH_DELAY_MS);
  }

  /** @param {string} q @param {number} count of the search that it belongs to */
  async #searchUsers(q, count) {
    /** @type {ListState} */
    let stateIfEmpty = { empty: t("forward.noneFound") };
    try {
      const users = await this.api.searchUsers(q);
      if (count !== this.#searchCount) return;
      const found = userDestinations(users, this.#channels, this.store.me?.id);
      this.#results = [...this.#results, ...found].slice(0, MAX_RESULTS);
    } catch (error) {
      if (count !== this.#searchCount) return;
      stateIfEmpty = { error: errorText(error), retry: () => this.#onInput() };
    }
    this.#render(stateIfEmpty);
  }

  /** @param {ListState} [stateIfEmpty] */
  #render(stateIfEmpty = null) {
    reconcile(this.options, this.#results, {
      key: ({ key }) => key,
      create: () => cloneTemplate("template-option"),
      update: (entry, destination) => this.#renderOption(find(entry, "button", HTMLButtonElement), destination),
    });
    showListPlaceholder(this.placeholder, this.#results.length ? null : stateIfEmpty);
  }

  /** @param {HTMLButtonElement} button @param {Destination} destination */
  #renderOption(button, destination) {
    const { key, name, about, target, channel, user } = destination;
    const isSelected = this.selected.has(key);
    button.dataset.testid = "forward-option";
    button.dataset.target = target;
    button.classList.toggle("active", this.#results[this.#activeIndex]?.key === key);
    button.setAttribute("aria-pressed", String(isSelected));
    const avatar = part(button, "avatar");
    if (channel) showChannelAvatar(avatar, channel);
    else if (user) showAvatar(avatar, user);
    setText(part(button, "name"), name);
    setText(part(button, "about"), about);
    setText(part(button, "action"), isSelected ? "✓" : "");
    button.onclick = () => this.#choose(destination);
  }

  /** @param {Destination} destination */
  #choose(destination) {
    if (!this.selected.delete(destination.key)) this.selected.set(destination.key, destination);
    this.#renderChips();
    if (this.field.value) {
      this.field.value = "";
      this.#onInput();
    } else this.#render();
    this.field.focus();
    this.onChange();
  }

  #renderChips() {
    this.chips.hidden = this.selected.size === 0;
    reconcile(this.chips, [...this.selected.values()], {
      key: ({ key }) => key,
      create: () => cloneTemplate("template-chip"),
      update: (entry, destination) => {
        const button = find(entry, "button", HTMLButtonElement);
        setText(part(button, "name"), destination.name);
        button.setAttribute("aria-label", t("userPicker.remove", destination));
        button.onclick = () => this.#choose(destination);
      },
    });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isInputMethodKey(event)) return;
    const count = this.#results.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count) {
      event.preventDefault();
      this.#activeIndex = (this.#activeIndex + step + count) % count;
      this.#render();
      this.options.querySelector(".active")?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && this.field.value.trim()) {
      // With an empty field, Enter submits the form.
      event.preventDefault();
      const active = this.#results[this.#activeIndex];
      if (active) this.#choose(active);
    } else if (event.key === "Backspace" && !this.field.value) {
      const last = [...this.selected.values()].at(-1);
      if (last) this.#choose(last);
    }
  }
}
