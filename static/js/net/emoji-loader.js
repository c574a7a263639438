/** Loads the emoji and their names when they are first needed. */

/** @import { EmojiData } from "../lib/emoji-catalog.js" */
import { EmojiCatalog } from "../lib/emoji-catalog.js";
import { drawableEmoji } from "../lib/emoji-support.js";

const ADDRESS = "/emoji.json";

/** @type {Promise<EmojiCatalog> | null} */
let loading = null;

/** Return the emoji that this browser can draw. Rejects if they cannot be loaded; the next call tries again. */
export function loadEmoji() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load() {
  const response = await fetch(ADDRESS);
  if (!response.ok) throw new Error(`${ADDRESS}: ${response.status}`);
  // Until it is loaded, a canvas draws with another font than the page.
  await document.fonts.load('12px "Colour emoji"', "😀");
  const data = /** @type {EmojiData} */ (await response.json());
  const all = new EmojiCatalog(data);
  return new EmojiCatalog(data, drawableEmoji(all.groups.flatMap(({ entries }) => entries)));
}
