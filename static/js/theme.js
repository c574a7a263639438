// Applies the chosen theme. Loaded before the first paint, so that nothing flashes; therefore no module.
{
  const applyTheme = () => {
    const theme = localStorage.getItem("im.theme");
    if (theme !== "light" && theme !== "dark") return;
    document.documentElement.dataset.theme = theme;
    // The colour of the browser's own bars: one of these elements is for each theme.
    /** @type {NodeListOf<HTMLMetaElement>} */
    const themeColors = document.querySelectorAll("meta[name=theme-color]");
    for (const meta of themeColors) meta.media = meta.dataset.theme === theme ? "" : "not all";
  };
  applyTheme();
  addEventListener("theme-change", applyTheme);
  // The theme was chosen in another tab.
  addEventListener("storage", (event) => event.key === "im.theme" && applyTheme());
}
