/** Light or dark, once chosen; the system's until then. `/static/js/theme.js` applies it before the first paint. */

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function nextTheme() {
  localStorage.setItem("im.theme", isDark() ? "light" : "dark");
  dispatchEvent(new Event("themechosen"));
}
