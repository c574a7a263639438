/**
 * Tells from the server's answer which users a message mentions. Pure.
 *
 * @import { Message } from "../wire-types.js"
 * @typedef {Map<string, boolean>} MentionNames  lower-case names of users, with whether each is the current user's
 */

/** Tell whether a message mentions the user, or all. @param {Pick<Message, "mentions">} message @param {string | undefined} userId */
export function mentionsUser({ mentions = [] }, userId) {
  return mentions.some(({ id }) => id === undefined || id === userId);
}

/** Return the names in the message's text that mention somebody. @param {Pick<Message, "mentions">} message @param {string | undefined} userId @returns {MentionNames} */
export function mentionNames({ mentions = [] }, userId) {
  /** @type {MentionNames} */
  const names = new Map();
  for (const { id, name } of mentions) {
    const key = name.toLowerCase();
    names.set(key, Boolean(names.get(key)) || id === undefined || id === userId);
  }
  return names;
}
