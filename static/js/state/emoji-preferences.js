/**
 * A user's skin tone and frequent emoji, in localStorage. No DOM.
 *
 * @typedef {{emoji: string, score: number}} UsedEmoji  stored as it is, so its names must stay
 * @typedef {{tone: string, used: UsedEmoji[]}} StoredPreferences
 */
import { SKIN_TONES } from "../lib/emoji-catalog.js";
import { JsonStorage } from "../net/state/json-storage.js";

const MAX_FREQUENT = 24;
/** The weight of an earlier use beside a new one. */
const DECAY = 0.9;
/** Offered to a user who has chosen few. */
const COMMON = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👏", "🔥", "👀", "✅", "💯", "🚀", "🤔", "😍", "😅"];

export class EmojiPreferences {
  #userId = "";

  /** @param {Storage} storage */
  constructor(storage) {
    this.storage = new JsonStorage(storage);
  }

  /** Use the preferences of this user. @param {string} id */
  load(id) {
    this.#userId = id;
  }

  /** The emoji's modifier, or "" for none. */
  get tone() {
    return this.#stored().tone;
  }

  /** @param {string} tone */
  setTone(tone) {
    this.storage.set(this.#key, { ...this.#stored(), tone });
  }

  /** The emoji that the user chooses most, lately above all, then common ones. */
  get frequent() {
    const used = this.#stored().used.map(({ emoji }) => emoji);
    return [...new Set([...used, ...COMMON])].slice(0, Math.max(used.length, COMMON.length));
  }

  /** The user has chosen an emoji. @param {string} emoji without skin tone */
  countUse(emoji) {
    const { tone, used } = this.#stored();
    const scores = new Map(used.map((one) => [one.emoji, one.score * DECAY]));
    scores.set(emoji, (scores.get(emoji) ?? 0) + 1);
    const sorted = [...scores].map(([name, score]) => ({ emoji: name, score })).sort((a, b) => b.score - a.score);
    this.storage.set(this.#key, { tone, used: sorted.slice(0, MAX_FREQUENT) });
  }

  /** Delete the preferences of the user, who will not return. */
  clear() {
    this.storage.set(this.#key, null);
  }

  get #key() {
    return `im.emoji.${this.#userId}`;
  }

  /** @returns {StoredPreferences} */
  #stored() {
    const { tone, used } = /** @type {Partial<StoredPreferences>} */ (this.storage.get(this.#key) ?? {});
    return { tone: tone && SKIN_TONES.includes(tone) ? tone : "", used: Array.isArray(used) ? used : [] };
  }
}
