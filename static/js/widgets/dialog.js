/** Opens the page's dialogs, with errors shown inside them, and asks for confirmation. */
import { byId, find, part, setText } from "../lib/dom.js";
import { errorText } from "./toast.js";

/** @typedef {{dialog: HTMLDialogElement, showError: (error: unknown) => void}} OpenDialog */

/**
 * Open a dialog. `submit` runs when its form is submitted: the dialog then closes, or stays open with the error that
 * `submit` raises or returns. Without `submit`, submitting the form closes the dialog.
 * @param {string} id
 * @param {(() => Promise<string | void>) | null} [submit]
 * @returns {OpenDialog}
 */
export function openDialog(id, submit = null) {
  const dialog = byId(id, HTMLDialogElement);
  const form = find(dialog, "form", HTMLFormElement);
  const error = /** @type {HTMLElement | null} */ (dialog.querySelector("[data-part=error]"));
  const confirmButton = /** @type {HTMLButtonElement | null} */ (dialog.querySelector("[data-part=confirm]"));
  const setError = (/** @type {string} */ text) => {
    if (!error) return;
    error.hidden = !text;
    setText(error, text);
  };
  setError("");
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (!submit) {
      dialog.close();
      return;
    }
    if (confirmButton?.disabled) return;
    setError("");
    if (confirmButton) confirmButton.disabled = true;
    try {
      const problem = await submit();
      if (problem) setError(problem);
      else dialog.close();
    } catch (failure) {
      setError(errorText(failure));
    } finally {
      if (confirmButton) confirmButton.disabled = false;
    }
  };
  part(dialog, "cancel").onclick = () => dialog.close();
  // A click on the backdrop has the dialog itself as its target.
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  dialog.showModal();
  return { dialog, showError: (failure) => setError(errorText(failure)) };
}

/** Close all dialogs, with what the user has entered in them. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}

/**
 * Ask for confirmation, and run the action if it is given.
 * @param {{title: string, text: string, confirm: string, quote?: string}} texts  `quote`: the message that the action is about
 * @param {() => Promise<void>} action
 */
export function confirmAction({ title, text, confirm, quote = "" }, action) {
  const { dialog } = openDialog("dialog-confirm", action);
  setText(part(dialog, "title"), title);
  for (const [name, content] of Object.entries({ quote, text })) {
    part(dialog, name).hidden = content === "";
    setText(part(dialog, name), content);
  }
  setText(part(dialog, "confirm"), confirm);
  part(dialog, "cancel").focus();
}
