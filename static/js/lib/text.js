/**
 * Finds mentions of users in text, and texts of emoji only. Pure.
 *
 * @typedef {{kind: "text", text: string}} Plain
 * @typedef {{kind: "mention", text: string, isSelf: boolean}} Mention
 * @import { MentionNames } from "../net/state/message-mentions.js"
 */
export const MAX_NAME_LENGTH = 64;
const MAX_EMOJI_LENGTH = 60;

const EMOJI =
  /^(?:(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F?|\p{Regional_Indicator}{2}|[#*0-9]\uFE0F?\u20E3)(?:\p{Emoji_Modifier}|\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic})\uFE0F?)*\s*){1,6}$/u;

/** Scripts without spaces, in which anything may precede or follow a mention. Korean appends to a name, too. */
export const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}_]/u;
/** The continuation of a user name: the site allows these characters, and joiners, between letters and digits. */
const NAME_CONTINUATION = /^[._\-\u200c\u200d]+[\p{L}\p{N}]/u;
const ADDRESS_CHARACTER = /[.@/-]/;

/**
 * Split the text into mentions of the named users and what stands between them.
 * @param {string} text
 * @param {MentionNames} names
 * @returns {(Plain | Mention)[]}
 */
export function splitMentions(text, names) {
  /** @type {(Plain | Mention)[]} */
  const segments = [];
  let end = 0;
  for (const index of mentionStarts(text)) {
    const name = nameAt(text, index + 1, names);
    if (!name || index < end) continue;
    if (index > end) segments.push({ kind: "text", text: text.slice(end, index) });
    end = index + 1 + name.length;
    segments.push({ kind: "mention", text: text.slice(index, end), isSelf: names.get(name) ?? false });
  }
  if (end < text.length) segments.push({ kind: "text", text: text.slice(end) });
  return segments;
}

/**
 * Return the indexes of each "@" that may begin a mention: not one within a word or an address.
 * @param {string} text
 * @returns {number[]}
 */
export function mentionStarts(text) {
  /** @type {number[]} */
  const starts = [];
  for (let index = text.indexOf("@"); index >= 0; index = text.indexOf("@", index + 1)) {
    const before = [...text.slice(Math.max(0, index - 2), index)].pop() ?? "";
    if (!isWordCharacter(before) && !ADDRESS_CHARACTER.test(before)) starts.push(index);
  }
  return starts;
}

/** Tell whether a name that ends beside the character would end within a word. @param {string} char */
function isWordCharacter(char) {
  return WORD_CHARACTER.test(char) && !UNSPACED.test(char);
}

/**
 * Return the longest known name that begins at `index` and ends where a user name may end, or "". Of a longer name that
 * the page does not know, no part is a mention.
 * @param {string} text
 * @param {number} index
 * @param {MentionNames} names
 */
function nameAt(text, index, names) {
  const candidate = text.slice(index, index + MAX_NAME_LENGTH).toLowerCase();
  for (let length = candidate.length; length > 0; length--) {
    const name = candidate.slice(0, length);
    if (names.has(name) && !isContinued(name, text.slice(index + length))) return name;
  }
  return "";
}

/** Tell whether a user name goes on after the known name. @param {string} name @param {string} rest of the text */
function isContinued(name, rest) {
  const [last = "", next = ""] = [[...name].pop(), [...rest.slice(0, 2)][0]];
  return NAME_CONTINUATION.test(rest) || (isWordCharacter(last) && isWordCharacter(next));
}

/** Tell whether the text consists of a few emoji only. @param {string} text */
export function isEmojiOnly(text) {
  return text.length <= MAX_EMOJI_LENGTH && EMOJI.test(text.trim());
}
