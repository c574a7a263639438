/** The choice of mails of missed messages, in the settings dialog of users of a site that sends them. */

/** @import { ChatApi } from "../net/chat-api.js" */
import { byId, find, part, targetOf } from "../lib/dom.js";
import { showErrorToast } from "./toast.js";

/** @typedef {{hours: number, hasEmail: boolean}} MailDigest  `hours`: between mails; 0 for none */

/** @param {MailDigest | null} choice  null: the site sends none, or not to this user @param {ChatApi} api */
export function connectMailDigest(choice, api) {
  const field = byId("mail-digest", HTMLFieldSetElement);
  field.hidden = !choice;
  if (!choice) return;
  let { hours } = choice;
  const render = () => {
    find(field, `[value="${hours}"]`, HTMLInputElement).checked = true;
  };
  for (const radio of field.querySelectorAll("input")) radio.disabled = !choice.hasEmail;
  part(field, "no-email").hidden = choice.hasEmail;
  field.addEventListener("change", async (event) => {
    const chosen = Number(/** @type {HTMLInputElement} */ (targetOf(event)).value);
    try {
      await api.setMailDigest(chosen);
      hours = chosen;
    } catch (error) {
      showErrorToast(error);
    }
    render();
  });
  render();
}
