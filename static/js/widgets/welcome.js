/** The screen for visitors: continue as a guest under a suggested name, sign in, or register. */
import { byId, find, part, setText } from "../lib/dom.js";
import { suggestGuestName } from "../lib/guest-name.js";
import { language, t } from "../lib/i18n.js";
import { signInAddress } from "../lib/sign-in-address.js";
import { toggleTheme } from "./appearance.js";

export class Welcome {
  #screen = byId("welcome");
  #form = part(this.#screen, "guest", HTMLFormElement);
  #submitButton = find(this.#form, "[type=submit]", HTMLButtonElement);
  #field = byId("guest-name", HTMLInputElement);
  #suggestion = "";

  /** @param {{signIn: (name: string) => void}} callbacks  `signIn`: signs in a guest of this name */
  constructor({ signIn }) {
    this.signIn = signIn;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    part(this.#screen, "suggest").addEventListener("click", () => this.#suggestName());
    part(this.#screen, "language").addEventListener("click", () => language.toggle());
    part(this.#screen, "theme").addEventListener("click", toggleTheme);
    this.#field.addEventListener("input", () => this.#setError(""));
    language.on("change", () => {
      // A name that the user has typed stays.
      if (this.#field.value === this.#suggestion) this.#suggestName();
    });
  }

  /** @param {string} [reason] why the user is here, unless by choice */
  show(reason = "") {
    const paragraph = part(this.#screen, "reason");
    paragraph.hidden = !reason;
    setText(paragraph, reason);
    this.#setBusy(false);
    for (const page of /** @type {const} */ (["login", "register"])) {
      this.#screen.querySelector(`[data-part=${page}]`)?.setAttribute("href", signInAddress(page));
    }
    if (!this.#field.value) this.#suggestName();
    this.#screen.hidden = false;
    if (matchMedia("(hover: hover)").matches) this.#field.select();
  }

  hide() {
    this.#screen.hidden = true;
  }

  /** Show that the guest could not be signed in. @param {string} error */
  showError(error) {
    this.show();
    this.#setError(error);
    this.#field.select();
  }

  #suggestName() {
    this.#suggestion = this.#field.value = suggestGuestName(language.code);
    this.#setError("");
  }

  #submit() {
    const name = this.#field.value.trim();
    if (!name) {
      this.#setError(t("welcome.nameRequired"));
      return;
    }
    this.#setBusy(true);
    this.signIn(name);
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    this.#submitButton.disabled = isBusy;
    setText(this.#submitButton, t(isBusy ? "welcome.signingIn" : "welcome.continueAsGuest"));
  }

  /** @param {string} text */
  #setError(text) {
    const paragraph = part(this.#form, "error");
    paragraph.hidden = !text;
    setText(paragraph, text);
    this.#field.setAttribute("aria-invalid", String(Boolean(text)));
  }
}
