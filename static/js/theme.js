// Loaded before the first paint, so not a module: the look that was chosen here before, without a flash.
{
  const chosen = localStorage.getItem("im.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
