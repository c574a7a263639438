/** Switches between the light and dark theme. Until the user has chosen one, the page follows the system. */

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function toggleTheme() {
  localStorage.setItem("im.theme", isDark() ? "light" : "dark");
  // js/theme.js applies it.
  dispatchEvent(new Event("theme-change"));
}
