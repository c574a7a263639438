/**
 * Completing a name after "@": what is being typed there, and who may be meant. Pure.
 *
 * @import { Person } from "../net/protocol.js"
 * @typedef {{from: number, q: string}} Typed  where the "@" stands, and what follows it up to the caret
 */
import { LONGEST_NAME, MENTION } from "./text.js";

export const OFFERED = 6;
const WORDS = /[\s._-]+/u;
/** Written without spaces: any part of a name may be typed. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+$/u;

/** @param {string} text @param {number} caret @returns {Typed | null} */
export function mentionAt(text, caret) {
  const before = text.slice(0, caret);
  const at = [...before.matchAll(MENTION)].at(-1);
  if (!at) return null;
  const q = before.slice(at.index + 1);
  // A name may hold spaces; after one at the end somebody goes on writing, and Enter shall send.
  return q.length > LONGEST_NAME || q.includes("\n") || /\s$/u.test(q) ? null : { from: at.index, q };
}

/** The best first; of equals, as given. @template {Person} P @param {string} q @param {P[]} people @returns {P[]} */
export function meant(q, people) {
  const wanted = q.toLowerCase();
  const rank = (/** @type {Person} */ { name, userId }) => {
    const called = [name.toLowerCase(), userId.toLowerCase()];
    if (called.includes(wanted)) return 0;
    if (called.some((one) => one.startsWith(wanted))) return 1;
    if (called[0].split(WORDS).some((word) => word.startsWith(wanted))) return 2;
    return UNSPACED.test(wanted) && called[0].includes(wanted) ? 3 : null;
  };
  const ranked = people.flatMap((person) => {
    const place = rank(person);
    return place === null ? [] : [{ person, place }];
  });
  return ranked.sort((a, b) => a.place - b.place).slice(0, OFFERED).map(({ person }) => person);
}

/** Whether nothing is left to complete. @param {string} q @param {Person} person */
export function isWhole(q, { name, userId }) {
  return [name, userId].some((called) => called.toLowerCase() === q.toLowerCase());
}

/** What is written for somebody: the user name, which is theirs alone and stays; a guest has none worth reading. @param {Person} person */
export function addressOf({ kind, name, userId }) {
  return `@${kind === "guest" ? name : userId}`;
}
