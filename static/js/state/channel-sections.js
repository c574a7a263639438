/**
 * The sections of the sidebar's list: favourites, the user's own sections, channels and direct messages. Pure.
 *
 * @import { Channel, SidebarArrangement } from "../net/wire-types.js"
 * @typedef {{key: string, own: string | null, isCollapsed: boolean, channels: Channel[]}} Section
 *   `own`: the name of a section of the user's own; `channels`: those to show; of a collapsed section the unread ones and
 *   the open one
 */
import { shownUnread } from "./channel-notifications.js";

const OWN_PREFIX = "own:";

/** Return the key of a section of the user's own. @param {string} name */
export function ownSectionKey(name) {
  return OWN_PREFIX + name;
}

/**
 * Return the sections that have channels, and the user's own. Of a list that is filtered, there is one section without a
 * heading.
 * @param {{channels: Iterable<Channel>, currentTarget: string | null, arrangement: SidebarArrangement, collapsed: string[],
 *   filter: string}} state
 * @returns {Section[]}
 */
export function channelSections({ channels, currentTarget, arrangement, collapsed, filter }) {
  const wanted = filter.trim().toLocaleLowerCase();
  const sorted = [...channels].filter(({ name }) => name.toLocaleLowerCase().includes(wanted)).sort(order(arrangement.sort));
  if (wanted) return [{ key: "channels", own: null, isCollapsed: false, channels: sorted }];
  const members = membersBySection(sorted, arrangement);
  const sections = [...members].filter(([key, { length }]) => length > 0 || isOwn(key));
  return sections.map(([key, channels]) => {
    // A single section has no heading with which it could be expanded.
    const isCollapsed = sections.length > 1 && collapsed.includes(key);
    const shown = isCollapsed ? channels.filter((channel) => isUnread(channel) || channel.target === currentTarget) : channels;
    return { key, own: isOwn(key) ? key.slice(OWN_PREFIX.length) : null, isCollapsed, channels: shown };
  });
}

/** @param {Channel[]} sorted @param {SidebarArrangement} arrangement @returns {Map<string, Channel[]>} */
function membersBySection(sorted, { sections }) {
  const listed = new Map(sorted.map((channel) => [channel.target, channel]));
  const take = (/** @type {Channel[]} */ channels) => {
    for (const { target } of channels) listed.delete(target);
    return channels;
  };
  const favourites = take(sorted.filter(({ starred }) => starred));
  const own = sections.map(({ name, channels }) => {
    const members = channels.flatMap((target) => listed.get(target) ?? []);
    return /** @type {[string, Channel[]]} */ ([ownSectionKey(name), take(members)]);
  });
  const rest = sorted.filter(({ target }) => listed.has(target));
  const channels = rest.filter(({ kind }) => kind !== "private");
  const direct = rest.filter(({ kind }) => kind === "private");
  return new Map([["favourites", favourites], ...own, ["channels", channels], ["direct", direct]]);
}

/** @param {string} key */
function isOwn(key) {
  return key.startsWith(OWN_PREFIX);
}

/** Of a muted channel, only mentions are shown as unread. @param {Channel} channel */
function isUnread(channel) {
  return shownUnread(channel) > 0 || channel.mentions > 0;
}

/** @param {SidebarArrangement["sort"]} sort @returns {(a: Channel, b: Channel) => number} */
function order(sort) {
  const rank = (/** @type {Channel} */ { kind }) => (kind === "global" ? 0 : 1);
  const read = (/** @type {Channel} */ channel) => (sort === "unread" && !isUnread(channel) ? 1 : 0);
  const byName = (/** @type {Channel} */ a, /** @type {Channel} */ b) => a.name.localeCompare(b.name);
  if (sort === "name") return (a, b) => rank(a) - rank(b) || byName(a, b);
  return (a, b) => read(a) - read(b) || rank(a) - rank(b) || b.activeAt - a.activeAt || byName(a, b);
}
