/**
 * The entries of the quick switcher: channels, users and the search of messages. Pure.
 *
 * @import { Channel, User } from "../net/wire-types.js"
 * @typedef {{key: string, kind: "channel" | "user" | "search", name: string, about: string, channel?: Channel, user?: User}} SwitcherEntry
 */
import { bestRank } from "../lib/name-match.js";

const MAX_ENTRIES = 30;

/**
 * Return the channels that the query finds, the best matches first, then those with unread messages, those opened last,
 * and those with the latest activity. Without a query, all but the open one.
 * @param {{channels: Iterable<Channel>, recentTargets: string[], currentTarget: string | null, query: string}} state
 *   `recentTargets`: the channels that the user has opened, the last one first
 * @returns {SwitcherEntry[]}
 */
export function channelEntries({ channels, recentTargets, currentTarget, query }) {
  const recency = new Map(recentTargets.map((target, index) => [target, index]));
  const opened = (/** @type {Channel} */ { target }) => recency.get(target) ?? Infinity;
  const ranked = [...channels].flatMap((channel) => {
    if (!query && channel.target === currentTarget) return [];
    const rank = bestRank([channel.name, channel.peer?.userId ?? channel.name], query);
    return rank === null ? [] : [{ channel, rank, unread: channel.unread > 0 ? 0 : 1 }];
  });
  ranked.sort(
    (a, b) =>
      a.rank - b.rank || a.unread - b.unread || compare(opened(a.channel), opened(b.channel)) || b.channel.activeAt - a.channel.activeAt,
  );
  return ranked.slice(0, MAX_ENTRIES).map(({ channel }) => ({ key: channel.target, kind: "channel", name: channel.name, about: aboutUser(channel.peer), channel }));
}

/**
 * Return the users that the query finds and with whom there is no private channel yet, the best matches first. Those
 * whom the server has found by other means, such as pinyin, come last.
 * @param {{users: Iterable<User>, channels: Iterable<Channel>, myId: string | undefined, query: string}} state
 * @returns {SwitcherEntry[]}
 */
export function userEntries({ users, channels, myId, query }) {
  const known = new Set([myId, ...[...channels].map(({ peer }) => peer?.id)]);
  const found = new Map([...users].filter(({ id, kind, active }) => !known.has(id) && kind !== "guest" && active !== false).map((user) => [user.id, user]));
  const ranked = [...found.values()].map((user) => ({ user, rank: bestRank([user.name, user.userId], query) ?? Infinity }));
  ranked.sort((a, b) => compare(a.rank, b.rank) || a.user.name.localeCompare(b.user.name));
  return ranked.slice(0, MAX_ENTRIES).map(({ user }) => ({ key: `user:${user.id}`, kind: "user", name: user.name, about: aboutUser(user), user }));
}

/** Return the known users whose name matches. @param {Iterable<User>} users @param {string} query */
export function matchingUsers(users, query) {
  return [...users].filter(({ name, userId }) => bestRank([name, userId], query) !== null);
}

/** @param {User | undefined} user */
function aboutUser(user) {
  return user && user.userId !== user.name ? user.userId : "";
}

/** Compare numbers that may be infinite. @param {number} a @param {number} b */
function compare(a, b) {
  return a === b ? 0 : a - b;
}
