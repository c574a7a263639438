/**
 * The emoji that the page offers, found by their names. Pure.
 *
 * @typedef {{emoji: string, version: number, name: string, chineseName: string, aliases: string[], toned: string}} EmojiEntry
 *   `version`: of Unicode's emoji, which added it; `name`, `aliases`: as between colons; `toned`: in medium skin tone, or "";
 *   `emoji` of a custom one: its name between colons
 * @typedef {{name: string, entries: EmojiEntry[]}} EmojiGroup
 * @typedef {[string, number, string, string, string[], string]} EmojiRow  the members of an entry in this order
 * @typedef {{groups: {name: string, emoji: EmojiRow[]}[]}} EmojiData  as the server has it: see chat/emoji_catalog.py
 */
import { UNSPACED } from "./text.js";

/** The skin tones; "" is the yellow of no tone. */
export const SKIN_TONES = ["", "\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"];
const MEDIUM_TONE = /\u{1f3fd}/gu;
const TONE = /[\u{1f3fb}-\u{1f3ff}]/gu;
const VARIATION_SELECTOR = /\ufe0f/g;
const CUSTOM_GROUP = "custom";
const SEPARATORS = /[\s_:,.’'"“”()!-]+/u;

export class EmojiCatalog {
  /** @type {EmojiGroup[]} */ groups;
  /** @type {EmojiEntry[]} */ #entries;
  /** Without tones and variation selectors. @type {Map<string, EmojiEntry>} */ #entriesByForm;
  /** @type {Map<string, EmojiEntry>} */ #entriesByName = new Map();
  /** @type {Map<EmojiEntry, string[]>} */ #names = new Map();

  /** @param {EmojiData} data @param {(entry: EmojiEntry) => boolean} [canDraw] */
  constructor({ groups }, canDraw = () => true) {
    this.groups = groups.map(({ name, emoji }) => ({ name, entries: emoji.map(toEntry).filter(canDraw) }));
    this.#entries = this.groups.flatMap(({ entries }) => entries);
    this.#entriesByForm = new Map(this.#entries.map((entry) => [plainForm(entry.emoji), entry]));
    for (const entry of this.#entries) {
      const names = [entry.name, ...entry.aliases].map((name) => name.toLowerCase());
      this.#names.set(entry, names);
      // A name in full comes before an alias of another emoji.
      for (const [index, name] of names.entries()) if (index === 0 || !this.#entriesByName.has(name)) this.#entriesByName.set(name, entry);
    }
  }

  /** Return the entry of an emoji, in any skin tone, or null. @param {string} emoji */
  entryOf(emoji) {
    return this.#entriesByForm.get(plainForm(emoji)) ?? null;
  }

  /** Return the entry with this name or alias, or null. @param {string} name */
  byName(name) {
    return this.#entriesByName.get(name.toLowerCase()) ?? null;
  }

  /**
   * Return the emoji whose English or Chinese names match, the best match first; of equal ones `preferred` come first, then
   * those that come first in the catalogue.
   * @param {string} q
   * @param {{limit?: number, preferred?: EmojiEntry[]}} [options]
   */
  search(q, { limit = Infinity, preferred = [] } = {}) {
    const query = q.trim().toLowerCase().replace(/^:|:$/g, "");
    const words = query.split(SEPARATORS).filter(Boolean);
    if (words.length === 0) return [];
    const entries = [...new Set([...preferred, ...this.#entries])];
    const ranked = entries.flatMap((entry) => {
      const rank = this.#matchRank(entry, query.replace(/\s+/g, "_"), words);
      return rank === null ? [] : [{ entry, rank }];
    });
    return ranked.sort((a, b) => a.rank - b.rank).slice(0, limit).map(({ entry }) => entry);
  }

  /** @param {EmojiEntry} entry @param {string} query @param {string[]} words @returns {number | null} 0 is the best; null: no match */
  #matchRank(entry, query, words) {
    const names = this.#names.get(entry) ?? [];
    if (names.includes(query) || entry.chineseName === query) return 0;
    if (names.some((name) => name.startsWith(query))) return 1;
    if (UNSPACED.test(query)) return words.every((word) => entry.chineseName.includes(word)) ? 2 : null;
    const nameWords = names.flatMap((name) => name.split(SEPARATORS));
    return words.every((word) => nameWords.some((candidate) => candidate.startsWith(word))) ? 2 : null;
  }
}

/** Return the group of these custom emoji as data. @param {string[]} names @returns {EmojiData["groups"]} none without names */
export function customGroups(names) {
  /** @type {EmojiRow[]} */
  const rows = names.map((name) => [`:${name}:`, 0, name, "", [], ""]);
  return rows.length ? [{ name: CUSTOM_GROUP, emoji: rows }] : [];
}

/** Tell whether an emoji of an entry is a custom one. @param {string} emoji */
export function isCustom(emoji) {
  return emoji.startsWith(":");
}

/** Return the emoji in the skin tone, if it has skin. @param {EmojiEntry} entry @param {string} tone */
export function inTone({ emoji, toned }, tone) {
  return tone && toned ? toned.replace(MEDIUM_TONE, tone) : emoji;
}

/** Return the name that is shown and read out. @param {EmojiEntry} entry @param {boolean} isChinese */
export function spokenName({ name, chineseName }, isChinese) {
  return isChinese && chineseName ? chineseName : name.replaceAll("_", " ");
}

/** @param {EmojiRow} row @returns {EmojiEntry} */
function toEntry([emoji, version, name, chineseName, aliases, toned]) {
  return { emoji, version, name, chineseName, aliases, toned };
}

/** @param {string} emoji */
function plainForm(emoji) {
  return emoji.replace(TONE, "").replace(VARIATION_SELECTOR, "");
}
