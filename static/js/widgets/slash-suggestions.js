/**
 * Suggests slash commands while the first word of a text is typed.
 *
 * @import { SlashCommands } from "../page/slash-commands.js"
 * @import { Store } from "../net/state/store.js"
 * @import { SlashCommand } from "../net/wire-types.js"
 * @import { Query, Suggestion } from "./suggestion-list.js"
 */
import { part, setText } from "../lib/dom.js";
import { slashQueryAt } from "../lib/slash.js";
import { aboutText } from "../page/slash-commands.js";

const MAX_SUGGESTIONS = 10;

export class SlashSuggestions {
  template = "template-slash-option";
  label = /** @type {const} */ ("slash.suggestions");
  queryAt = slashQueryAt;

  /** @param {{store: Store, commands: SlashCommands}} deps */
  constructor({ store, commands }) {
    this.store = store;
    this.commands = commands;
  }

  /** @param {() => void} update called when the commands have been loaded */
  onFound(update) {
    this.commands.on("listed", update);
  }

  /** @param {Query} query @returns {Suggestion[]} */
  find({ q }) {
    const { currentTarget } = this.store;
    if (!currentTarget) return [];
    const typed = q.toLowerCase();
    const matches = this.commands.list(currentTarget).filter(({ name }) => name.startsWith(typed));
    return matches.slice(0, MAX_SUGGESTIONS).map((command) => ({
      id: `slash-${command.name}`,
      text: `/${command.name} `,
      needsMove: command.name === typed,
      render: (option) => render(option, command),
    }));
  }
}

/** @param {HTMLElement} option @param {SlashCommand} command */
function render(option, { name, hint, description, service }) {
  setText(part(option, "name"), `/${name}`);
  setText(part(option, "hint"), hint);
  const about = aboutText(name, description);
  setText(part(option, "about"), service ? `${about} · ${service.name}` : about);
}
