/**
 * Offers the operators of a search while it is typed. The server reads them. Pure.
 *
 * @typedef {{channels: string[], users: string[]}} KnownNames
 * @typedef {{text: string, query: string}} Suggestion  the offered text, and the query with it
 */

export const OPERATORS = ["from:", "in:", "has:file", "has:link", "is:thread", "before:", "after:", "on:"];
/** Values of operators that are always offered. @type {Record<string, string[]>} */
const VALUES = { before: ["today"], after: ["yesterday"], on: ["today", "yesterday"] };
const MAX_NAMES = 5;

/**
 * Return completions of the query's last word; all operators for an empty query.
 * @param {string} query
 * @param {KnownNames} names
 * @returns {Suggestion[]}
 */
export function suggestions(query, names) {
  const start = query.search(/\S*$/);
  const before = query.slice(0, start);
  const word = query.slice(start).toLowerCase();
  if (!word && query) return [];
  const [name, value] = split(word);
  const offered = value === null ? OPERATORS.filter((operator) => operator.startsWith(word)) : withValues(name, value, names);
  return offered.filter((text) => text.toLowerCase() !== word).map((text) => ({ text, query: before + text + (text.endsWith(":") ? "" : " ") }));
}

/** @param {string} word @returns {[string, string | null]} the name and, after a colon, the value */
function split(word) {
  const colon = word.indexOf(":");
  return colon < 0 || word.startsWith("has:") || word.startsWith("is:") ? [word, null] : [word.slice(0, colon), word.slice(colon + 1)];
}

/** @param {string} name @param {string} value @param {KnownNames} names */
function withValues(name, value, { channels, users }) {
  const known = { from: ["me", ...users], in: channels }[name] ?? VALUES[name] ?? [];
  const wanted = value.replace(/^["@#]+/, "");
  const found = [...new Set(known)].filter((each) => each.toLowerCase().startsWith(wanted)).slice(0, MAX_NAMES);
  return found.map((each) => `${name}:${/\s/.test(each) ? `"${each}"` : each}`);
}
