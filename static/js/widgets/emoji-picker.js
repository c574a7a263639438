/**
 * The popup in which the user chooses an emoji: by group, among frequent ones, or by its name. On phones it lies at the lower
 * edge.
 *
 * @import { EmojiCatalog, EmojiEntry } from "../lib/emoji-catalog.js"
 * @import { EmojiPreferences } from "../state/emoji-preferences.js"
 * @import { EmojiSection } from "./emoji-grid.js"
 */
import { cloneTemplate, part, setText, targetOf } from "../lib/dom.js";
import { SKIN_TONES, inTone, isCustom, spokenName } from "../lib/emoji-catalog.js";
import { graphemes } from "../lib/graphemes.js";
import { hasText, language, t } from "../lib/i18n.js";
import { isInputMethodKey, isUnfinishedInput } from "../lib/keys.js";
import { isEmojiOnly } from "../lib/text.js";
import { loadEmoji } from "../page/emoji-loader.js";
import { showEmoji } from "./custom-emoji.js";
import { EmojiGrid } from "./emoji-grid.js";
import { openPopup } from "./popup.js";

const FREQUENT_GROUP = "frequent";
const TONE_SAMPLE = { emoji: "✋", toned: "✋🏽" };
const MAX_RESULTS = 80;
/** Icons of groups that other parts of the page have as well. @type {Record<string, string>} */
const SHARED_ICONS = { [FREQUENT_GROUP]: "clock", people: "users", flags: "flag" };

/**
 * Open the picker at the button, or close it if it is open.
 * @param {HTMLElement} button
 * @param {{preferences: EmojiPreferences, choose: (emoji: string) => void, returnTo?: HTMLElement}} options  `returnTo`:
 *   gets the focus if the user chooses nothing
 */
export function openEmojiPicker(button, { preferences, choose, returnTo = button }) {
  const element = cloneTemplate("template-emoji-picker");
  const close = openPopup(button, () => element, { closesOnTab: false, returnTo });
  if (!close) return;
  new EmojiPicker(element, preferences, (entry) => {
    preferences.countUse(entry.emoji);
    close();
    choose(inTone(entry, preferences.tone));
  });
}

class EmojiPicker {
  /** @type {EmojiCatalog | null} */ #catalog = null;
  /** @type {EmojiGrid} */ #grid;

  /** @param {HTMLElement} element @param {EmojiPreferences} preferences @param {(entry: EmojiEntry) => void} choose */
  constructor(element, preferences, choose) {
    this.element = element;
    this.preferences = preferences;
    this.choose = choose;
    this.field = part(element, "search", HTMLInputElement);
    this.state = part(element, "state");
    const scroller = part(element, "scroller");
    this.#grid = new EmojiGrid(scroller, choose);
    this.field.addEventListener("input", (event) => isUnfinishedInput(event) || this.#render());
    this.field.addEventListener("compositionend", () => this.#render());
    this.field.addEventListener("keydown", (event) => this.#onFieldKey(event));
    scroller.addEventListener("scroll", () => this.#renderTabs(), { passive: true });
    for (const type of ["pointerover", "focusin"]) scroller.addEventListener(type, (event) => this.#showName(targetOf(event)));
    part(element, "retry").addEventListener("click", () => this.#load());
    part(element, "tabs").addEventListener("click", (event) => this.#onTab(targetOf(event)));
    this.#renderTones();
    // On a touch screen a focused field would open the keyboard.
    (matchMedia("(hover: hover)").matches ? this.field : scroller).focus({ preventScroll: true });
    this.#load();
  }

  async #load() {
    const retry = part(this.element, "retry");
    retry.hidden = true;
    setText(this.state, t("emoji.loading"));
    try {
      this.#catalog = await loadEmoji();
    } catch {
      setText(this.state, t("emoji.failed"));
      retry.hidden = false;
      return;
    }
    part(this.element, "tabs").replaceChildren(...this.#groups().map(({ name, title }) => createTab(name, title)));
    this.#render();
  }

  /** @returns {EmojiSection[]} */
  #groups() {
    const catalog = this.#catalog;
    if (!catalog) return [];
    const frequent = this.preferences.frequent.flatMap((emoji) => catalog.entryOf(emoji) ?? []);
    return [{ name: FREQUENT_GROUP, entries: frequent }, ...catalog.groups].map(({ name, entries }) => {
      const key = `emoji.group.${name}`;
      return { name, entries, title: hasText(key) ? t(key) : name };
    });
  }

  #render() {
    if (!this.#catalog) return;
    const q = this.field.value.trim();
    const found = q ? this.#find(q) : [];
    const title = t("emoji.found", { n: found.length });
    const results = found.length ? [{ name: "found", title, entries: found }] : [];
    this.#grid.show(q ? results : this.#groups(), this.preferences.tone);
    setText(this.state, q ? (found.length ? title : t("emoji.none")) : "");
    this.state.classList.toggle("visually-hidden", !q || found.length > 0);
    this.#renderTabs();
    this.#showName(null);
  }

  /** @param {string} q @returns {EmojiEntry[]} */
  #find(q) {
    if (!isEmojiOnly(q) || graphemes(q).length > 1) return this.#catalog?.search(q, { limit: MAX_RESULTS }) ?? [];
    // One that the user has pasted, or typed by a keyboard of the system.
    const unknown = { emoji: q, version: 0, name: q, chineseName: "", aliases: [], toned: "" };
    return [this.#catalog?.entryOf(q) ?? unknown];
  }

  /** @param {KeyboardEvent} event */
  #onFieldKey(event) {
    if (isInputMethodKey(event)) return;
    const q = this.field.value.trim();
    if (event.key === "ArrowDown") this.#grid.focusFirst();
    else if (event.key === "Enter" && q) {
      const [best] = this.#find(q);
      if (best) this.choose(best);
    } else if (event.key !== "Enter") return;
    event.preventDefault();
  }

  /** @param {Element} target */
  #onTab(target) {
    const name = target.closest("button")?.dataset.name;
    if (!name) return;
    if (this.field.value) {
      this.field.value = "";
      this.#render();
    }
    this.#grid.scrollTo(name);
    this.#renderTabs();
  }

  #renderTabs() {
    const current = this.field.value.trim() ? "" : this.#grid.current;
    for (const tab of part(this.element, "tabs").children) {
      const isCurrent = tab instanceof HTMLElement && tab.dataset.name === current;
      tab.setAttribute("aria-pressed", String(isCurrent));
    }
  }

  #renderTones() {
    const { tone: chosen } = this.preferences;
    const list = part(this.element, "tones");
    list.replaceChildren(...SKIN_TONES.map((tone, index) => {
      const button = cloneTemplate("template-emoji-tone", HTMLButtonElement);
      button.textContent = inTone({ ...TONE_SAMPLE, version: 0, name: "", chineseName: "", aliases: [] }, tone);
      const key = `emoji.tone.${index}`;
      const label = hasText(key) ? t(key) : "";
      button.setAttribute("aria-label", label);
      button.title = label;
      button.setAttribute("aria-pressed", String(tone === chosen));
      button.addEventListener("click", () => {
        this.preferences.setTone(tone);
        for (const one of list.children) one.setAttribute("aria-pressed", String(one === button));
        this.#render();
      });
      return button;
    }));
  }

  /** Show the name of the emoji under the pointer or with the focus; null for none. @param {Element | null} element */
  #showName(element) {
    const entry = element && this.#grid.entryAt(element);
    showEmoji(part(this.element, "preview-emoji"), entry ? inTone(entry, this.preferences.tone) : "");
    setText(part(this.element, "preview-name"), entry ? spokenName(entry, language.code === "zh") : "");
    setText(part(this.element, "preview-code"), entry && (entry.version || isCustom(entry.emoji)) ? `:${entry.aliases[0] ?? entry.name}:` : "");
  }
}

/** @param {string} name @param {string} title */
function createTab(name, title) {
  const tab = cloneTemplate("template-emoji-tab", HTMLButtonElement);
  part(tab, "icon", SVGElement).setAttribute("href", `#icon-${SHARED_ICONS[name] ?? `emoji-${name}`}`);
  tab.dataset.name = name;
  tab.setAttribute("aria-label", title);
  tab.title = title;
  return tab;
}
