/**
 * Completes a user's name after "@": the query being typed, and the users that match it. Pure.
 *
 * @import { User } from "../net/wire-types.js"
 * @typedef {{start: number, q: string}} MentionQuery  the index of the "@", and the text from there to the caret
 */
import { MAX_NAME_LENGTH, mentionStarts } from "./text.js";

export const MAX_SUGGESTIONS = 6;
const WORD_SEPARATORS = /[\s._-]+/u;
/** Scripts without spaces: the query may be any part of a name. */
const UNSPACED_SCRIPT = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+$/u;

/** @param {string} text @param {number} caret @returns {MentionQuery | null} */
export function mentionQueryAt(text, caret) {
  const before = text.slice(0, caret);
  const start = mentionStarts(before).pop();
  if (start === undefined) return null;
  const q = before.slice(start + 1);
  // A name may contain spaces. After a trailing space the user is writing on, and Enter must send the message.
  return q.length > MAX_NAME_LENGTH || q.includes("\n") || /\s$/u.test(q) ? null : { start, q };
}

/**
 * Return the users whose names match, the best match first; equal matches keep their order.
 * @param {string} q
 * @param {User[]} users
 */
export function matchUsers(q, users) {
  const query = q.toLowerCase();
  const ranked = users.flatMap((user) => {
    const rank = matchRank(query, user);
    return rank === null ? [] : [{ user, rank }];
  });
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, MAX_SUGGESTIONS).map(({ user }) => user);
}

/** @param {string} query in lower case @param {User} user @returns {number | null} 0 is the best; null: no match */
function matchRank(query, { name, userId }) {
  const displayName = name.toLowerCase();
  const names = [displayName, userId.toLowerCase()];
  if (names.includes(query)) return 0;
  if (names.some((candidate) => candidate.startsWith(query))) return 1;
  if (displayName.split(WORD_SEPARATORS).some((word) => word.startsWith(query))) return 2;
  return UNSPACED_SCRIPT.test(query) && displayName.includes(query) ? 3 : null;
}

/** Tell whether the query is the user's whole name. @param {string} q @param {User} user */
export function isFullName(q, { name, userId }) {
  return [name, userId].some((candidate) => candidate.toLowerCase() === q.toLowerCase());
}

/**
 * Return the text that mentions a user: the user name, which is unique and permanent. A guest's is random, so a guest is
 * mentioned by display name.
 * @param {User} user
 */
export function mentionText({ kind, name, userId }) {
  return `@${kind === "guest" ? name : userId}`;
}
