/** Finding people by name, to write to one of them or to choose several. */
/**
 * @import { Person } from "../net/protocol.js"
 * @import { ListState } from "./list-placeholder.js"
 * @typedef {{may: (person: Person) => boolean, ask: (person: Person) => Promise<unknown>}} Befriend
 */
import { clone, part, reconcile, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { errorText } from "./toast.js";
import { showAvatar } from "./avatar.js";
import { showListState } from "./list-placeholder.js";

const TYPING = 200;

export class Picker {
  /** @type {Map<string, Person>} */ chosen = new Map();
  #timer = 0;
  #asked = 0;
  #active = 0;
  /** @type {Person[]} */ #found = [];

  /**
   * @param {ParentNode} root
   * @param {{find: (q: string) => Promise<Person[]>, suggestions: () => Person[], isOnline: (id: string) => boolean,
   *   pick: ((person: Person) => void) | null, befriend?: Befriend | null}} parts  without `pick`, people are collected as
   *   chips
   */
  constructor(root, { find, suggestions, isOnline, pick, befriend = null }) {
    this.root = root;
    this.befriend = befriend;
    this.find = find;
    this.suggestions = suggestions;
    this.isOnline = isOnline;
    this.pick = pick;
    this.field = /** @type {HTMLInputElement} */ (part(root, "search"));
    this.options = part(root, "options");
    this.chips = part(root, "chips");
    this.state = part(root, "state");
    this.field.value = "";
    this.field.oninput = () => this.#later();
    this.field.onkeydown = (event) => this.#key(event);
    this.#showChips();
    this.#search();
  }

  get userIds() {
    return [...this.chosen.values()].map(({ userId }) => userId);
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), TYPING);
  }

  async #search() {
    const q = this.field.value.trim();
    const asked = ++this.#asked;
    let found = q ? [] : this.suggestions();
    /** @type {ListState} */
    let state = { empty: t(q ? "picker.none" : "picker.type") };
    if (q) {
      if (this.#found.length === 0) this.#show({ loading: true });
      try {
        found = await this.find(q);
      } catch (error) {
        state = { failed: errorText(error), retry: () => this.#search() };
      }
    }
    if (asked !== this.#asked) return;
    this.#active = 0;
    this.#found = found.slice(0, 50);
    this.#show(state);
  }

  /** @param {ListState} [whenEmpty] */
  #show(whenEmpty = null) {
    reconcile(this.options, this.#found, {
      key: ({ id }) => id,
      create: () => clone("part-option"),
      update: (entry, person) => {
        this.#option(entry.firstElementChild, person);
        this.#showAdd(part(entry, "add"), person);
      },
    });
    showListState(this.state, this.#found.length ? null : whenEmpty);
  }

  /** @param {HTMLElement} button @param {Person} person */
  #option(button, person) {
    const chosen = this.chosen.has(person.id);
    button.dataset.testid = "person-option";
    button.dataset.userId = person.userId;
    button.classList.toggle("active", this.#found[this.#active] === person);
    if (!this.pick) button.setAttribute("aria-pressed", String(chosen));
    showAvatar(part(button, "avatar"), person);
    part(button, "avatar").classList.toggle("online", this.isOnline(person.id));
    setText(part(button, "name"), person.name);
    setText(part(button, "about"), person.userId === person.name ? "" : person.userId);
    setText(part(button, "action"), chosen ? "✓" : "");
    button.onclick = () => this.#take(person);
  }

  /** @param {HTMLElement} button @param {Person} person */
  #showAdd(button, person) {
    button.hidden = !this.befriend?.may(person);
    button.setAttribute("aria-label", t("friend.requestOf", person));
    button.title = t("friend.request");
    button.onclick = async () => {
      button.hidden = true;
      this.field.focus();
      await this.befriend?.ask(person);
    };
  }

  /** @param {Person} person */
  #take(person) {
    if (this.pick) {
      this.pick(person);
      return;
    }
    if (!this.chosen.delete(person.id)) this.chosen.set(person.id, person);
    this.#showChips();
    if (this.field.value) {
      this.field.value = "";
      this.#search();
    } else this.#show();
    this.field.focus();
  }

  #showChips() {
    if (!this.chips) return;
    this.chips.hidden = this.chosen.size === 0;
    reconcile(this.chips, [...this.chosen.values()], {
      key: ({ id }) => id,
      create: () => clone("part-chip"),
      update: (entry, person) => {
        const button = entry.firstElementChild;
        setText(part(button, "name"), person.name);
        button.setAttribute("aria-label", t("picker.remove", { name: person.name }));
        button.onclick = () => this.#take(person);
      },
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#found.length) {
      event.preventDefault();
      this.#active = (this.#active + step + this.#found.length) % this.#found.length;
      this.#show();
      this.options.querySelector(".active")?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      // In a form that collects, Enter takes the marked person; only with nothing typed does it send the form.
      const person = this.#found[this.#active];
      if (!this.field.value.trim() && !this.pick) return;
      event.preventDefault();
      if (person) this.#take(person);
    } else if (event.key === "Backspace" && !this.field.value && this.chosen.size) {
      this.#take(/** @type {Person} */ ([...this.chosen.values()].at(-1)));
    }
  }
}
