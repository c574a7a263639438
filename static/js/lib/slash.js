/** Tells slash commands from other texts. The server reads them: see chat/slash/parser.py. Pure. */

const COMMAND = /^\/[^\s/]/u;
/** A second slash says that the text is none. */
const ESCAPED = /^\/\/[^\s/]/u;
const FIRST_WORD = /^\/([^\s/]*)$/u;

/** Tell whether the text is to be run, and not sent. @param {string} text */
export function isSlashCommand(text) {
  return COMMAND.test(text);
}

/** Return the text as it is sent: without the first of two slashes. @param {string} text */
export function withoutEscape(text) {
  return ESCAPED.test(text) ? text.slice(1) : text;
}

/**
 * Return the name of a command that is being typed at the start of the text, or null.
 * @param {string} text
 * @param {number} caret
 * @returns {{start: number, q: string} | null}
 */
export function slashQueryAt(text, caret) {
  const match = FIRST_WORD.exec(text.slice(0, caret));
  return match && { start: 0, q: match[1] };
}
