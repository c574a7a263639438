/**
 * The page's two languages. The server names the first one in <html lang> (from the cookie, else from the browser's
 * wish); choosing another sets the cookie, so that the other pages follow. Markup names its words by data attributes.
 *
 * @typedef {string | ((params: any) => string)} Word
 * @typedef {Record<string, Word>} Words
 */
import { en } from "../locales/en.js";
import { zh } from "../locales/zh.js";

const YEAR = 31_536_000;

class Language extends EventTarget {
  /** @type {"en" | "zh"} */ code = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

  /** For Intl and <html lang>. */
  get tag() {
    return this.code === "zh" ? "zh-Hans" : "en";
  }

  /** @param {"en" | "zh"} code */
  choose(code) {
    this.code = code;
    document.cookie = `django_language=${code === "zh" ? "zh-hans" : "en"}; path=/; max-age=${YEAR}; samesite=lax`;
    document.documentElement.lang = this.tag;
    apply(document);
    this.dispatchEvent(new Event("change"));
  }
}

export const language = new Language();

/** The words for a key, `{name}` replaced by its parameter. @param {string} key @param {Record<string, any>} [params] */
export function t(key, params = {}) {
  const word = (language.code === "zh" ? zh : en)[key] ?? en[key] ?? key;
  if (typeof word === "function") return word(params);
  return word.replace(/\{(\w+)\}/g, (_, name) => String(params[name] ?? ""));
}

/** @param {string} key */
export function hasWord(key) {
  return key in en;
}

/**
 * Puts the words into markup: data-i18n is the text, data-i18n-label the accessible name and tool tip, data-i18n-hint the
 * placeholder.
 * @param {Document | DocumentFragment | Element} root
 */
export function apply(root) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n]"))) {
    element.textContent = t(element.dataset.i18n ?? "");
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n-label]"))) {
    const label = t(element.dataset.i18nLabel ?? "");
    element.setAttribute("aria-label", label);
    if (element.matches("button, a")) element.title = label;
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n-hint]"))) {
    element.setAttribute("placeholder", t(element.dataset.i18nHint ?? ""));
  }
}
