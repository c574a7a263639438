/**
 * Answers dropped and pasted files, which cannot be sent yet. Without it, the browser would open a dropped file or link
 * in place of the page, and ignore a pasted picture.
 */
import { targetOf } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showToast } from "./toast.js";

export function refuseFiles() {
  document.addEventListener("dragover", (event) => {
    if (isTextForField(event)) return;
    event.preventDefault();
    // A drop that is not allowed raises no event, and then files would go without an answer.
    if (event.dataTransfer && !hasFiles(event.dataTransfer)) event.dataTransfer.dropEffect = "none";
  });
  document.addEventListener("drop", (event) => {
    if (isTextForField(event)) return;
    event.preventDefault();
    if (event.dataTransfer && hasFiles(event.dataTransfer)) answer();
  });
  document.addEventListener("paste", (event) => {
    const { clipboardData } = event;
    // A copied table or text may come with a picture of it; the text is then pasted.
    if (!clipboardData || !hasFiles(clipboardData) || clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    answer();
  });
}

function answer() {
  showToast(t("files.refused"), { isError: true });
}

/** @param {DataTransfer} data */
function hasFiles({ types }) {
  return types.includes("Files");
}

/** Return true if text is dragged into a field that accepts it: not into a disabled one. @param {DragEvent} event */
function isTextForField(event) {
  const isField = targetOf(event).matches("input:read-write, textarea:read-write");
  return isField && event.dataTransfer !== null && !hasFiles(event.dataTransfer);
}
