/**
 * The settings of the page in one dialog: language, theme, density, order of channels, time zone, notifications and
 * keyboard shortcuts. A choice takes effect at once. `#settings` in the address opens it.
 *
 * @import { LanguageCode } from "../lib/i18n.js"
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Store } from "../net/state/store.js"
 * @import { SidebarArrangement } from "../net/wire-types.js"
 * @import { Density, Theme } from "./appearance.js"
 */
import { byId, find, part, setText, targetOf } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { chosenDensity, chosenTheme, setDensity, setTheme } from "./appearance.js";
import { openDialog } from "./dialog.js";
import { showErrorToast } from "./toast.js";

const ADDRESS = /^#settings(?:\/(notifications|shortcuts))?$/;

export class PreferencesDialog {
  #form = find(byId("dialog-preferences"), "form", HTMLFormElement);

  /**
   * @param {{store: Store, api: ChatApi, timeZone: () => string, isGuest: () => boolean, offersNotifications: boolean,
   *   showNotifications: () => void, showShortcuts: () => void}} deps
   *   `timeZone`: of the user's profile, "" for the browser's; `offersNotifications`: by the page or its service worker
   */
  constructor({ store, api, timeZone, isGuest, offersNotifications, showNotifications, showShortcuts }) {
    this.store = store;
    this.api = api;
    this.timeZone = timeZone;
    this.isGuest = isGuest;
    this.offersNotifications = offersNotifications;
    this.showNotifications = showNotifications;
    this.showShortcuts = showShortcuts;
    this.#form.addEventListener("change", (event) => this.#onChange(targetOf(event)));
    part(this.#form, "notifications").addEventListener("click", () => showNotifications());
    part(this.#form, "shortcuts").addEventListener("click", () => showShortcuts());
    language.on("change", () => this.#render());
  }

  /** Open the dialog if the address names it; return whether it does. @param {string} hash */
  openFor(hash) {
    const [address, section] = ADDRESS.exec(hash) ?? [];
    if (section === "notifications" && this.offersNotifications) this.showNotifications();
    else if (section === "shortcuts") this.showShortcuts();
    else if (address) this.show();
    return address !== undefined;
  }

  show() {
    openDialog("dialog-preferences");
    this.#render();
    find(this.#form, ":checked", HTMLInputElement).focus();
  }

  #render() {
    /** @type {Record<string, string>} */
    const values = { language: language.code, theme: chosenTheme(), density: chosenDensity(), sort: this.store.sidebar.sort };
    for (const [name, value] of Object.entries(values)) find(this.#form, `[name=${name}][value=${value}]`, HTMLInputElement).checked = true;
    part(this.#form, "notifications").hidden = !this.offersNotifications;
    for (const name of ["sort", "profile"]) part(this.#form, name).hidden = this.isGuest();
    const chosen = this.timeZone();
    const zone = chosen || Intl.DateTimeFormat().resolvedOptions().timeZone;
    setText(part(this.#form, "zone"), chosen ? zone : t("preferences.browserZone", { zone }));
  }

  /** @param {Element} element */
  #onChange(element) {
    const { name, value } = /** @type {HTMLInputElement} */ (element);
    if (name === "language") language.choose(/** @type {LanguageCode} */ (value));
    else if (name === "theme") setTheme(/** @type {Theme} */ (value));
    else if (name === "density") setDensity(/** @type {Density} */ (value));
    else if (name === "sort") this.#setSort(/** @type {SidebarArrangement["sort"]} */ (value));
  }

  /** @param {SidebarArrangement["sort"]} sort */
  async #setSort(sort) {
    try {
      await this.api.arrangeSidebar(() => ({ sort }));
    } catch (error) {
      showErrorToast(error);
    }
    this.#render();
  }
}
