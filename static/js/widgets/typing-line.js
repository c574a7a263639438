/**
 * The line above a composer that names the others who are typing there. It also notices that the user types.
 *
 * @import { TypingSync } from "../net/typing-sync.js"
 * @typedef {{target: string | null, threadId?: string}} Place
 */
import { isSlashCommand } from "../lib/slash.js";
import { language, t } from "../lib/i18n.js";
import { part, setText } from "../lib/dom.js";

export class TypingLine {
  /**
   * @param {HTMLFormElement} form  of the composer
   * @param {{typing: TypingSync, composer: {field: HTMLTextAreaElement, canSend: boolean, isEditing: boolean}, place: () => Place}} deps
   *   `place`: where the composer sends
   */
  constructor(form, { typing, composer, place }) {
    this.line = part(form, "typing");
    this.typing = typing;
    this.place = place;
    composer.field.addEventListener("input", () => {
      const { target, threadId } = place();
      const { value } = composer.field;
      if (target && composer.canSend && !composer.isEditing && value.trim() && !isSlashCommand(value)) typing.notify(target, threadId);
    });
    typing.users.on("change", () => this.render());
    language.on("change", () => this.render());
  }

  render() {
    const { target, threadId } = this.place();
    const names = this.typing.users.in(target, threadId).map(({ name }) => name);
    this.line.classList.toggle("is-active", names.length > 0);
    setText(part(this.line, "text"), typingText(names));
  }
}

/** @param {string[]} names */
export function typingText([name, second, ...others]) {
  if (!name) return "";
  if (!second) return t("typing.one", { name });
  return others.length ? t("typing.many", { name, n: others.length + 1 }) : t("typing.two", { name, second });
}
