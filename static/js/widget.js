/**
 * Embeds a channel in another page: the entry of the script `/widget.js`. It defines the element `imsite-chat` and, if
 * the script's own element has a `data-channel`, puts one beside it with the script's `data-` attributes.
 */
import { WidgetElement } from "./widget/element.js";
import { scriptElement } from "./widget/site.js";

const NAME = "imsite-chat";

function insertWidget() {
  const { dataset } = scriptElement;
  const widget = document.createElement(NAME);
  for (const [key, value] of Object.entries(dataset)) {
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    widget.setAttribute(name, value ?? "");
  }
  // In the head, an element would be in the wrong place.
  if (document.head.contains(scriptElement)) document.addEventListener("DOMContentLoaded", () => document.body.append(widget));
  else scriptElement.after(widget);
}

if (!customElements.get(NAME)) customElements.define(NAME, WidgetElement);
if (scriptElement.dataset.channel) insertWidget();
