// On the account pages: buttons that copy the text of an element. `data-copy` is its id, `data-copied` the button's text
// afterwards. Without scripts they stay hidden.

import { copyText } from "./lib/clipboard.js";

/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll("button[data-copy]");
for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy ?? "");
    if (await copyText(source?.textContent ?? "")) button.textContent = button.dataset.copied ?? "";
  });
}
