/** English texts of the sidebar's sections and of the page's settings. @import { Text } from "../lib/i18n.js" */

/** @satisfies {Record<string, Text>} */
export const enSidebar = {
  "section.favourites": "Favourites",
  "section.channels": "Channels and groups",
  "section.direct": "Direct messages",
  "star.add": "Add to favourites",
  "star.remove": "Remove from favourites",

  "menu.preferences": "Settings",
  "preferences.title": "Settings",
  "preferences.language": "Language",
  "preferences.theme": "Theme",
  "preferences.system": "As the system",
  "preferences.light": "Light",
  "preferences.dark": "Dark",
  "preferences.density": "Density",
  "preferences.comfortable": "Comfortable",
  "preferences.compact": "Compact",
  "preferences.sort": "Order of channels",
  "preferences.latest": "Latest first",
  "preferences.byName": "By name",
  "preferences.zone": "Time zone",
  "preferences.browserZone": "{zone} (as this browser)",
  "preferences.change": "Change in profile",
};
