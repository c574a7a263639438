/** Suggests names for guests: two words, under twenty characters. */

/** @import { LanguageCode } from "./i18n.js" */

const WORDS = {
  en: {
    first: ["Quiet", "Sunny", "Brave", "Amber", "Misty", "Swift", "Gentle", "Lucky", "Silver", "Merry", "Calm", "Bright", "Curious", "Mellow", "Nimble", "Cosy"],
    second: ["Otter", "Heron", "Maple", "Comet", "Fox", "Lark", "Willow", "Badger", "Pebble", "Finch", "Panda", "Lynx", "Harbour", "Robin", "Cedar", "Hare"],
    separator: " ",
  },
  zh: {
    first: ["安静的", "晴朗的", "勇敢的", "温柔的", "好奇的", "轻快的", "幸运的", "明亮的", "自在的", "微醺的", "早起的", "踏实的"],
    second: ["水獭", "白鹭", "枫叶", "彗星", "狐狸", "云雀", "柳树", "熊猫", "知更鸟", "雪松", "野兔", "小船"],
    separator: "",
  },
};

/** @param {LanguageCode} code */
export function suggestGuestName(code) {
  const { first, second, separator } = WORDS[code];
  return randomItem(first) + separator + randomItem(second);
}

/** @param {string[]} items */
function randomItem(items) {
  return items[Math.floor(Math.random() * items.length)];
}
