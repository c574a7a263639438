/**
 * Puts text on the clipboard; resolves with whether it is there. Where the page comes over plain HTTP from another
 * machine, the browser has no clipboard for it but still copies a selection.
 * @param {string} text
 */
export async function copyText(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const { activeElement } = document;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (activeElement instanceof HTMLElement) activeElement.focus();
  return copied;
}
