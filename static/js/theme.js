// Loaded before the first paint, so not a module: the look that was chosen here before, without a flash.
{
  const apply = () => {
    const chosen = localStorage.getItem("im.theme");
    if (chosen !== "light" && chosen !== "dark") return;
    document.documentElement.dataset.theme = chosen;
    // The colour of what is around the page, of which there is one for each look of the system.
    /** @type {NodeListOf<HTMLMetaElement>} */
    const metas = document.querySelectorAll("meta[name=theme-color]");
    for (const meta of metas) {
      meta.media = meta.dataset.look === chosen ? "" : "not all";
    }
  };
  apply();
  addEventListener("themechosen", apply);
  // In another tab.
  addEventListener("storage", (event) => event.key === "im.theme" && apply());
}
