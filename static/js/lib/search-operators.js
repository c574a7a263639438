/**
 * Offers the operators of a search while it is typed, with the users and channels that match. The server reads them. Pure.
 *
 * @import { User } from "../net/wire-types.js"
 * @typedef {{channels: string[], users: User[]}} KnownNames
 * @typedef {{text: string, about: string, query: string}} Suggestion
 *   the offered text, the name of the user that it stands for, and the query with it
 */
import { matchUsers } from "./mentions.js";

export const OPERATORS = ["from:", "in:", "has:file", "has:link", "is:thread", "before:", "after:", "on:"];
/** Values of operators that are always offered. @type {Record<string, string[]>} */
const VALUES = { before: ["today"], after: ["yesterday"], on: ["today", "yesterday"] };
const MAX_NAMES = 6;
/** A value in quotation marks, which may have spaces, that is still being typed. */
const OPEN_VALUE = /(?:^|\s)([a-z]+:"[^"]*)$/i;

/**
 * Return completions of the query's last word; all operators for an empty query.
 * @param {string} query
 * @param {KnownNames} names
 * @returns {Suggestion[]}
 */
export function suggestions(query, names) {
  const [, open] = OPEN_VALUE.exec(query) ?? [];
  const start = open ? query.length - open.length : query.search(/\S*$/);
  const before = query.slice(0, start);
  const word = query.slice(start).toLowerCase();
  if (!word && query) return [];
  const [name, value] = split(word);
  const offered = value === null ? operators(word) : values(name, value.replace(/^["@#]+/, ""), names);
  return offered
    .filter(({ text }) => text.toLowerCase() !== word)
    .map(({ text, about }) => ({ text, about, query: before + text + (text.endsWith(":") ? "" : " ") }));
}

/** @param {string} word @returns {[string, string | null]} the name and, after a colon, the value */
function split(word) {
  const colon = word.indexOf(":");
  return colon < 0 || word.startsWith("has:") || word.startsWith("is:") ? [word, null] : [word.slice(0, colon), word.slice(colon + 1)];
}

/** @param {string} word */
function operators(word) {
  return OPERATORS.filter((operator) => operator.startsWith(word)).map((text) => ({ text, about: "" }));
}

/** @param {string} name of the operator @param {string} wanted @param {KnownNames} names */
function values(name, wanted, { channels, users }) {
  const texts = name === "in" ? channels : name === "from" ? ["me"] : (VALUES[name] ?? []);
  const found = [...new Set(texts)].filter((text) => begins(text, wanted)).map((text) => ({ text, about: "" }));
  const matched = name === "from" ? matchUsers(wanted, users).map(userValue) : [];
  return [...found, ...matched].slice(0, MAX_NAMES).map(({ text, about }) => ({ text: `${name}:${/\s/.test(text) ? `"${text}"` : text}`, about }));
}

/** Tell whether the text, or a word of it, begins so. @param {string} text @param {string} wanted */
function begins(text, wanted) {
  const known = text.toLowerCase();
  return known.startsWith(wanted) || known.split(/\s+/).some((word) => word.startsWith(wanted));
}

/** @param {User} user */
function userValue({ kind, name, userId }) {
  return kind === "guest" ? { text: name, about: "" } : { text: userId, about: name === userId ? "" : name };
}
