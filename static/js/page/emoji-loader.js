/** Loads the emoji and their names when they are first needed, and adds the custom ones. */

/** @import { EmojiData, EmojiEntry } from "../lib/emoji-catalog.js" */
import { EmojiCatalog, customGroups } from "../lib/emoji-catalog.js";
import { drawableEmoji } from "../lib/emoji-support.js";
import { customEmoji } from "../state/custom-emoji.js";

const ADDRESS = "/emoji.json";

/** @typedef {{data: EmojiData, canDraw: (entry: EmojiEntry) => boolean}} Standard */
/** @type {Promise<Standard> | null} */
let loading = null;
/** @type {EmojiCatalog | null} */
let catalog = null;
customEmoji.on("change", () => (catalog = null));

/** Return the emoji that this browser can draw. Rejects if they cannot be loaded; the next call tries again. */
export async function loadEmoji() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  const { data, canDraw } = await loading;
  const custom = customGroups(customEmoji.all.map(({ name }) => name));
  catalog ??= new EmojiCatalog({ groups: [...custom, ...data.groups] }, canDraw);
  return catalog;
}

/** @returns {Promise<Standard>} */
async function load() {
  const response = await fetch(ADDRESS);
  if (!response.ok) throw new Error(`${ADDRESS}: ${response.status}`);
  // Until it is loaded, a canvas draws with another font than the page.
  await document.fonts.load('12px "Colour emoji"', "😀");
  const data = /** @type {EmojiData} */ (await response.json());
  return { data, canDraw: drawableEmoji(new EmojiCatalog(data).groups.flatMap(({ entries }) => entries)) };
}
