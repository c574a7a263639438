/**
 * Searches users by name, to open a chat with one of them or to select several.
 *
 * @import { User } from "../net/wire-types.js"
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Store } from "../net/state/store.js"
 * @import { ListState } from "./list-placeholder.js"
 * @typedef {{isPossible: (user: User) => boolean, send: (user: User) => Promise<unknown>}} FriendRequest
 */
import { cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { showAvatar, showPresence } from "./avatar.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { errorText } from "./toast.js";

const SEARCH_DELAY_MS = 200;
const MAX_RESULTS = 50;

export class UserPicker {
  /** The selected users by id. @type {Map<string, User>} */ selected = new Map();
  #timer = 0;
  #searchCount = 0;
  #activeIndex = 0;
  /** @type {User[]} */ #results = [];

  /**
   * @param {ParentNode} dialog that holds the picker's markup
   * @param {{store: Store, api: ChatApi, pick?: (user: User) => void, friendRequest?: FriendRequest}} options
   *   without `pick`, users are selected and shown as chips
   */
  constructor(dialog, { store, api, pick, friendRequest }) {
    const root = part(dialog, "user-picker");
    this.store = store;
    this.api = api;
    this.pick = pick;
    this.friendRequest = friendRequest;
    this.field = part(root, "search", HTMLInputElement);
    this.options = part(root, "options");
    this.chips = part(root, "chips");
    this.placeholder = part(root, "placeholder");
    this.field.value = "";
    this.field.oninput = () => this.#searchLater();
    this.field.onkeydown = (event) => this.#onKey(event);
    this.#renderChips();
    this.#search();
  }

  get userIds() {
    return [...this.selected.values()].map(({ userId }) => userId);
  }

  #searchLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), SEARCH_DELAY_MS);
  }

  async #search() {
    const q = this.field.value.trim();
    const count = ++this.#searchCount;
    /** @type {User[]} */
    let results = q ? [] : this.#suggestions();
    /** @type {ListState} */
    let stateIfEmpty = { empty: t(q ? "userPicker.none" : "userPicker.noSuggestions") };
    if (q) {
      if (this.#results.length === 0) this.#render({ isLoading: true });
      try {
        results = (await this.api.searchUsers(q)).filter(({ id }) => id !== this.store.me?.id);
      } catch (error) {
        stateIfEmpty = { error: errorText(error), retry: () => this.#search() };
      }
    }
    if (count !== this.#searchCount) return;
    this.#activeIndex = 0;
    this.#results = results.slice(0, MAX_RESULTS);
    this.#render(stateIfEmpty);
  }

  /** Friends, and users who are online. */
  #suggestions() {
    const { contacts, online, me } = this.store;
    const users = new Map([...contacts.friends, ...online]);
    return [...users.values()].filter(({ id, kind }) => id !== me?.id && kind === "person");
  }

  /** @param {ListState} [stateIfEmpty] */
  #render(stateIfEmpty = null) {
    reconcile(this.options, this.#results, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-option"),
      update: (entry, user) => {
        this.#renderOption(find(entry, "button", HTMLButtonElement), user);
        this.#renderFriendRequest(part(entry, "add", HTMLButtonElement), user);
      },
    });
    showListPlaceholder(this.placeholder, this.#results.length ? null : stateIfEmpty);
  }

  /** @param {HTMLButtonElement} button @param {User} user */
  #renderOption(button, user) {
    const isSelected = this.selected.has(user.id);
    button.dataset.testid = "person-option";
    button.dataset.userId = user.userId;
    button.classList.toggle("active", this.#results[this.#activeIndex] === user);
    if (!this.pick) button.setAttribute("aria-pressed", String(isSelected));
    const avatar = part(button, "avatar");
    showAvatar(avatar, user);
    showPresence(avatar, this.store.presence(user.id));
    setText(part(button, "name"), user.name);
    setText(part(button, "about"), user.userId === user.name ? "" : user.userId);
    setText(part(button, "action"), isSelected ? "✓" : "");
    button.onclick = () => this.#choose(user);
  }

  /** @param {HTMLButtonElement} button @param {User} user */
  #renderFriendRequest(button, user) {
    button.hidden = !this.friendRequest?.isPossible(user);
    button.setAttribute("aria-label", t("friend.requestTo", user));
    button.title = t("friend.request");
    button.onclick = async () => {
      button.hidden = true;
      this.field.focus();
      await this.friendRequest?.send(user);
    };
  }

  /** @param {User} user */
  #choose(user) {
    if (this.pick) {
      this.pick(user);
      return;
    }
    if (!this.selected.delete(user.id)) this.selected.set(user.id, user);
    this.#renderChips();
    if (this.field.value) {
      this.field.value = "";
      this.#search();
    } else this.#render();
    this.field.focus();
  }

  #renderChips() {
    this.chips.hidden = this.selected.size === 0;
    reconcile(this.chips, [...this.selected.values()], {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-chip"),
      update: (entry, user) => {
        const button = find(entry, "button", HTMLButtonElement);
        setText(part(button, "name"), user.name);
        button.setAttribute("aria-label", t("userPicker.remove", user));
        button.onclick = () => this.#choose(user);
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
    } else if (event.key === "Enter") {
      // If users are selected, Enter selects the active one, and submits the form only if the field is empty.
      if (!this.field.value.trim() && !this.pick) return;
      event.preventDefault();
      const active = this.#results[this.#activeIndex];
      if (active) this.#choose(active);
    } else if (event.key === "Backspace" && !this.field.value) {
      const last = [...this.selected.values()].at(-1);
      if (last) this.#choose(last);
    }
  }
}
