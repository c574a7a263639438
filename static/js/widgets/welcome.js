/** Before anybody is signed in: a guest name to come in with, and the ways to an account. */
import { byId, part, setText } from "../lib/dom.js";
import { guestName } from "../lib/guest-name.js";
import { language, t } from "../lib/i18n.js";
import { nextTheme } from "./theme.js";

export class Welcome {
  #view = byId("welcome");
  #form = part(this.#view, "guest");
  #field = /** @type {HTMLInputElement} */ (byId("guest-name"));
  /** The suggestion that stands in the field, until the person writes. */
  #suggested = "";

  /** @param {{enter: (name: string) => void}} parts */
  constructor({ enter }) {
    this.enter = enter;
    this.#form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#submit();
    });
    part(this.#view, "another").addEventListener("click", () => this.#suggest());
    part(this.#view, "language").addEventListener("click", () => language.choose(language.code === "zh" ? "en" : "zh"));
    part(this.#view, "theme").addEventListener("click", nextTheme);
    this.#field.addEventListener("input", () => this.#complain(""));
    language.addEventListener("change", () => this.#field.value === this.#suggested && this.#suggest());
  }

  /** @param {string} [reason] a sentence why, if the person did not choose to be here */
  show(reason = "") {
    const place = part(this.#view, "reason");
    place.hidden = !reason;
    setText(place, reason);
    this.#busy(false);
    if (!this.#field.value) this.#suggest();
    this.#view.hidden = false;
    if (matchMedia("(hover: hover)").matches) this.#field.select();
  }

  hide() {
    this.#view.hidden = true;
  }

  /** The guest was not let in. @param {string} reason */
  refuseName(reason) {
    this.show();
    this.#complain(reason);
    this.#field.select();
  }

  #suggest() {
    this.#suggested = this.#field.value = guestName(language.code);
    this.#complain("");
  }

  #submit() {
    const name = this.#field.value.trim();
    if (!name) {
      this.#complain(t("welcome.nameEmpty"));
      return;
    }
    this.#busy(true);
    this.enter(name);
  }

  /** @param {boolean} busy */
  #busy(busy) {
    const button = this.#form.querySelector("[type=submit]");
    button.disabled = busy;
    setText(button, t(busy ? "welcome.entering" : "welcome.enter"));
  }

  /** @param {string} text */
  #complain(text) {
    const place = part(this.#form, "error");
    place.hidden = !text;
    setText(place, text);
    this.#field.setAttribute("aria-invalid", String(Boolean(text)));
  }
}
