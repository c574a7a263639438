// Shows the OpenAPI document. The bundle with SwaggerUIBundle is loaded before; its style sheet has a dark theme that a
// class selects.

const root = document.documentElement;
const container = document.getElementById("api");

const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
root.classList.toggle("dark-mode", isDark);

// @ts-expect-error The global is defined by drf-spectacular-sidecar.
window.SwaggerUIBundle({
  url: container?.dataset.schema,
  domNode: container,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // Without this, the document is sent to a validator on another host.
  validatorUrl: null,
});
