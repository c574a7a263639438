// Applies the chosen theme and density. Loaded before the first paint, so that nothing flashes; therefore no module.
{
  const applyTheme = () => {
    const { dataset } = document.documentElement;
    if (localStorage.getItem("im.density") === "compact") dataset.density = "compact";
    else delete dataset.density;
    const stored = localStorage.getItem("im.theme");
    const theme = stored === "light" || stored === "dark" ? stored : null;
    if (theme) dataset.theme = theme;
    else delete dataset.theme;
    // The colour of the browser's own bars: one of these elements is for each theme.
    /** @type {NodeListOf<HTMLMetaElement>} */
    const themeColors = document.querySelectorAll("meta[name=theme-color]");
    for (const meta of themeColors) {
      const ownMedia = `(prefers-color-scheme: ${meta.dataset.theme})`;
      meta.media = theme === null ? ownMedia : meta.dataset.theme === theme ? "" : "not all";
    }
  };
  applyTheme();
  addEventListener("theme-change", applyTheme);
  // The theme was chosen in another tab.
  addEventListener("storage", (event) => ["im.theme", "im.density", null].includes(event.key) && applyTheme());
}
