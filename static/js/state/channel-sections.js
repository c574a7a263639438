/**
 * The sections of the sidebar's list: favourites, channels and direct messages, in the order that the user has chosen. Pure.
 *
 * @import { Channel } from "../net/wire-types.js"
 * @import { SidebarLayout } from "./sidebar-layout.js"
 * @typedef {"favourites" | "channels" | "direct"} SectionName
 * @typedef {{name: SectionName, isCollapsed: boolean, channels: Channel[]}} Section
 *   `channels`: those to show; of a collapsed section the unread ones and the open one
 */
import { shownUnread } from "./channel-notifications.js";

/** @type {SectionName[]} */
export const SECTIONS = ["favourites", "channels", "direct"];

/**
 * Return the sections that have channels. Of a list that is filtered, there is one section without a heading.
 * @param {{channels: Iterable<Channel>, currentTarget: string | null, layout: SidebarLayout, filter: string}} state
 * @returns {Section[]}
 */
export function channelSections({ channels, currentTarget, layout, filter }) {
  const wanted = filter.trim().toLocaleLowerCase();
  const sorted = [...channels].filter(({ name }) => name.toLocaleLowerCase().includes(wanted)).sort(order(layout.sort));
  if (wanted) return [{ name: "channels", isCollapsed: false, channels: sorted }];
  const names = SECTIONS.filter((name) => sorted.some((channel) => sectionOf(channel) === name));
  return names.map((name) => {
    const members = sorted.filter((channel) => sectionOf(channel) === name);
    // A single section has no heading with which it could be expanded.
    const isCollapsed = names.length > 1 && layout.collapsed.includes(name);
    const shown = isCollapsed ? members.filter((channel) => isUnread(channel) || channel.target === currentTarget) : members;
    return { name, isCollapsed, channels: shown };
  });
}

/** Of a muted channel, only mentions are shown as unread. @param {Channel} channel */
function isUnread(channel) {
  return shownUnread(channel) > 0 || channel.mentions > 0;
}

/** @param {Channel} channel @returns {SectionName} */
function sectionOf({ starred, kind }) {
  if (starred) return "favourites";
  return kind === "private" ? "direct" : "channels";
}

/** @param {SidebarLayout["sort"]} sort @returns {(a: Channel, b: Channel) => number} */
function order(sort) {
  const rank = (/** @type {Channel} */ { kind }) => (kind === "global" ? 0 : 1);
  const byName = (/** @type {Channel} */ a, /** @type {Channel} */ b) => a.name.localeCompare(b.name);
  if (sort === "name") return (a, b) => rank(a) - rank(b) || byName(a, b);
  return (a, b) => rank(a) - rank(b) || b.activeAt - a.activeAt || byName(a, b);
}
