/**
 * Brings the reactions of a message up to date: pages of history and events may come in any order, and twice. Pure.
 *
 * @import { Reaction, ReactionChange } from "../wire-types.js"
 */

/** Users listed for each emoji, as in the server's pages. */
const MAX_USERS = 10;

/**
 * Return the later state of each emoji.
 * @param {Reaction[]} known
 * @param {Reaction[]} received
 * @returns {Reaction[]}
 */
export function mergeReactions(known, received) {
  const merged = new Map(known.map((reaction) => [reaction.emoji, reaction]));
  for (const reaction of received) {
    if (reaction.position >= (merged.get(reaction.emoji)?.position ?? 0)) merged.set(reaction.emoji, reaction);
  }
  return [...merged.values()];
}

/**
 * Return the reactions after an event. An event that is already contained changes nothing.
 * @param {Reaction[]} reactions
 * @param {ReactionChange} change
 * @param {boolean} isMine  whether the user has caused it
 * @returns {Reaction[]}
 */
export function changeReaction(reactions, { emoji, count, by, position, isAdded }, isMine) {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if (known && known.position >= position) return reactions;
  const others = (known?.users ?? []).filter(({ id }) => id !== by.id);
  const users = isAdded ? [...others, by].slice(0, MAX_USERS) : others;
  const changed = { emoji, count, mine: isMine ? isAdded : (known?.mine ?? false), users, position };
  return known ? reactions.map((reaction) => (reaction === known ? changed : reaction)) : [...reactions, changed];
}
