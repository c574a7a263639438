/** The viewer of the OpenAPI document. Its bundle, SwaggerUIBundle, is loaded before. */
const place = document.getElementById("api");

// @ts-expect-error a script of drf-spectacular-sidecar
window.SwaggerUIBundle({
  url: place?.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // What the viewer has from elsewhere by default.
  validatorUrl: null,
});
