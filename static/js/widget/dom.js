/** Makes elements of the widget. Text of users goes in as text nodes only. */

/**
 * Return a new element with these properties and children. `role` and names with a hyphen are set as attributes.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, String(value));
    else Reflect.set(element, name, value);
  }
  element.append(...children);
  return element;
}

/** Show or hide the element with a text; an empty one hides it. @param {HTMLElement} element @param {string} text */
export function showText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}
