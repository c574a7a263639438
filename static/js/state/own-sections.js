/**
 * Changes of the user's own sections of the sidebar. Each function returns new sections, and leaves the given ones. Pure.
 *
 * @import { SidebarSection } from "../net/wire-types.js"
 */

/** Return the section that holds a channel. @param {SidebarSection[]} sections @param {string} target */
export function sectionOf(sections, target) {
  return sections.find(({ channels }) => channels.includes(target));
}

/** Add a section at the end. @param {SidebarSection[]} sections @param {string} name @returns {SidebarSection[]} */
export function withSection(sections, name) {
  return [...sections, { name, channels: [] }];
}

/** @param {SidebarSection[]} sections @param {string} name @param {string} newName @returns {SidebarSection[]} */
export function withSectionRenamed(sections, name, newName) {
  return sections.map((section) => (section.name === name ? { ...section, name: newName } : section));
}

/** @param {SidebarSection[]} sections @param {string} name */
export function withoutSection(sections, name) {
  return sections.filter((section) => section.name !== name);
}

/** Move a section up (-1) or down (1). @param {SidebarSection[]} sections @param {string} name @param {1 | -1} step */
export function withSectionMoved(sections, name, step) {
  return moved(sections, sections.findIndex((section) => section.name === name), step);
}

/** Put a channel at the end of a section; null: in none. @param {SidebarSection[]} sections @param {string} target @param {string | null} name */
export function withChannelIn(sections, target, name) {
  return sections.map((section) => {
    const others = section.channels.filter((other) => other !== target);
    return { ...section, channels: section.name === name ? [...others, target] : others };
  });
}

/**
 * Move a channel up (-1) or down (1) among the shown channels of its section.
 * @param {SidebarSection[]} sections
 * @param {string} target
 * @param {1 | -1} step
 * @param {(target: string) => boolean} isShown  such as not a favourite, which is shown elsewhere
 */
export function withChannelMoved(sections, target, step, isShown) {
  return sections.map((section) => {
    const { channels } = section;
    const from = channels.indexOf(target);
    if (from < 0) return section;
    let to = from + step;
    while (to >= 0 && to < channels.length && !isShown(channels[to])) to += step;
    return { ...section, channels: moved(channels, from, to - from) };
  });
}

/** @template T @param {T[]} list @param {number} from @param {number} step */
function moved(list, from, step) {
  const to = from + step;
  if (from < 0 || to < 0 || to >= list.length) return list;
  const rest = list.filter((_, index) => index !== from);
  return [...rest.slice(0, to), list[from], ...rest.slice(to)];
}
