/** A friendly name for a newcomer: two words, under twenty characters. Pure but for chance. */

const WORDS = {
  en: {
    first: ["Quiet", "Sunny", "Brave", "Amber", "Misty", "Swift", "Gentle", "Lucky", "Silver", "Merry", "Calm", "Bright", "Curious", "Mellow", "Nimble", "Cosy"],
    second: ["Otter", "Heron", "Maple", "Comet", "Fox", "Lark", "Willow", "Badger", "Pebble", "Finch", "Panda", "Lynx", "Harbour", "Robin", "Cedar", "Hare"],
    between: " ",
  },
  zh: {
    first: ["安静的", "晴朗的", "勇敢的", "温柔的", "好奇的", "轻快的", "幸运的", "明亮的", "自在的", "微醺的", "早起的", "踏实的"],
    second: ["水獭", "白鹭", "枫叶", "彗星", "狐狸", "云雀", "柳树", "熊猫", "知更鸟", "雪松", "野兔", "小船"],
    between: "",
  },
};

/** @param {"en" | "zh"} code */
export function guestName(code) {
  const { first, second, between } = WORDS[code];
  return pick(first) + between + pick(second);
}

/** @param {string[]} words */
function pick(words) {
  return words[Math.floor(Math.random() * words.length)];
}
