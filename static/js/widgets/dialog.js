/** Dialogs: opening, closing, the question with one named action, and errors shown where they happened. */
import { byId, part, setText } from "../lib/dom.js";
import { errorText } from "./toast.js";

/**
 * Opens a dialog of the page. `submit` runs on its form's button; the dialog closes when it is done and stays, with the
 * error, if it fails or returns one.
 * @param {string} id
 * @param {(() => Promise<string | void>) | null} submit
 * @returns {{dialog: any, fail: (error: unknown) => void}}
 */
export function openDialog(id, submit = null) {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  const error = part(dialog, "error");
  const confirm = part(dialog, "confirm");
  if (error) error.hidden = true;
  const tell = (/** @type {string} */ text) => {
    error.hidden = false;
    setText(error, text);
  };
  const fail = (/** @type {unknown} */ problem) => tell(errorText(problem));
  form.onsubmit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!submit) {
      dialog.close();
      return;
    }
    if (confirm?.disabled) return;
    error.hidden = true;
    if (confirm) confirm.disabled = true;
    try {
      const wrong = await submit();
      if (wrong) tell(wrong);
      else dialog.close();
    } catch (problem) {
      fail(problem);
    } finally {
      if (confirm) confirm.disabled = false;
    }
  };
  const cancel = part(dialog, "cancel");
  if (cancel) cancel.onclick = () => dialog.close();
  // A click on the backdrop is a click on the dialog itself.
  dialog.onclick = (/** @type {MouseEvent} */ event) => {
    if (event.target === dialog) dialog.close();
  };
  dialog.showModal();
  return { dialog, fail };
}

/**
 * Asks before something that cannot be undone.
 * @param {{title: string, text: string, confirm: string}} words @param {() => Promise<void>} run
 */
export function ask({ title, text, confirm }, run) {
  const { dialog } = openDialog("dialog-confirm", run);
  setText(part(dialog, "title"), title);
  setText(part(dialog, "text"), text);
  setText(part(dialog, "confirm"), confirm);
  part(dialog, "cancel").focus();
}
