/** The viewer of the OpenAPI document. Its bundle, SwaggerUIBundle, is loaded before, and its style sheet has a look for
 * the dark that it wears by a class. */
const root = document.documentElement;
const place = document.getElementById("api");

const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
root.classList.toggle("dark-mode", dark);

// @ts-expect-error a script of drf-spectacular-sidecar
window.SwaggerUIBundle({
  url: place?.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // Nobody else is asked whether the document is valid.
  validatorUrl: null,
});
