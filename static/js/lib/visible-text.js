/** Checks whether a text has visible characters, by the table that the server uses too. Pure. */
import { INVISIBLE } from "./character-table.js";

const VISIBLE = new RegExp(`[^${INVISIBLE.replace(/[0-9a-f]+/g, "\\u{$&}").replaceAll(" ", "")}]`, "u");

/** @param {string} text */
export function hasVisibleText(text) {
  return VISIBLE.test(text);
}
