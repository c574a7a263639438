/**
 * The theme and the density of the page, which the browser remembers. js/theme.js applies them before the first paint.
 *
 * @typedef {"system" | "light" | "dark"} Theme
 * @typedef {"comfortable" | "compact"} Density
 */

const THEME_KEY = "im.theme";
const DENSITY_KEY = "im.density";

/** @returns {Theme} */
export function chosenTheme() {
  const theme = localStorage.getItem(THEME_KEY);
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** @param {Theme} theme */
export function setTheme(theme) {
  store(THEME_KEY, theme === "system" ? null : theme);
}

/** @returns {Density} */
export function chosenDensity() {
  return localStorage.getItem(DENSITY_KEY) === "compact" ? "compact" : "comfortable";
}

/** @param {Density} density */
export function setDensity(density) {
  store(DENSITY_KEY, density === "compact" ? density : null);
}

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function toggleTheme() {
  setTheme(isDark() ? "light" : "dark");
}

/** @param {string} key @param {string | null} value */
function store(key, value) {
  if (value === null) localStorage.removeItem(key);
  else localStorage.setItem(key, value);
  dispatchEvent(new Event("theme-change"));
}
