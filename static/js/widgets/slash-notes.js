/**
 * Shows the notes of slash commands, which the user alone sees: cards above the composer, until the user closes them.
 *
 * @import { SlashCommands, SlashNote } from "../page/slash-commands.js"
 * @import { Store } from "../net/state/store.js"
 */
import { byId, cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { language, t, translateElements } from "../lib/i18n.js";
import { parseMarkup } from "../lib/markup.js";
import { markupNodes } from "./message-text.js";

const MAX_NOTES = 5;

export class SlashNotes {
  #list = byId("slash-notes");
  /** The oldest first. @type {SlashNote[]} */ #notes = [];

  /** @param {{store: Store, commands: SlashCommands}} deps */
  constructor({ store, commands }) {
    this.store = store;
    commands.on("note", (note) => this.#add(note));
    commands.on("ended", (id) => this.#end(id));
    store.on("current", () => this.#render());
    store.on("me", () => {
      if (!store.me) this.#notes = [];
      this.#render();
    });
    language.on("change", () => translateElements(this.#list));
  }

  /** @param {SlashNote} note */
  #add(note) {
    this.#notes = [...this.#notes.filter(({ id, target }) => id !== note.id || target !== note.target), note].slice(-MAX_NOTES);
    this.#render();
  }

  /** Remove a note that says that a service is being asked; its answer stays. @param {string} endedId */
  #end(endedId) {
    this.#notes = this.#notes.filter(({ id, by }) => id !== endedId || by);
    this.#render();
  }

  #render() {
    const shown = this.#notes.filter(({ target }) => target === this.store.currentTarget);
    this.#list.hidden = shown.length === 0;
    reconcile(this.#list, shown, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-slash-note"),
      update: (element, note) => this.#show(element, note),
    });
  }

  /** @param {HTMLElement} element @param {SlashNote} note */
  #show(element, note) {
    const { command, text, by, isFailure } = note;
    element.classList.toggle("is-error", Boolean(isFailure));
    setText(part(element, "title"), by ?? `/${command}`);
    setText(part(element, "hint"), t("slash.onlyYou"));
    if (element.dataset.text !== text) part(element, "text").replaceChildren(...markupNodes(parseMarkup(text)));
    element.dataset.text = text;
    const close = part(element, "close");
    close.setAttribute("aria-label", t("slash.close"));
    close.onclick = () => {
      this.#notes = this.#notes.filter((other) => other !== note);
      this.#render();
    };
  }
}
