/**
 * The page's two languages. The server names the initial one in `<html lang>` (from the cookie, else from the browser's
 * preference). Choosing the other one sets the cookie, so that the site's other pages follow.
 *
 * @typedef {"en" | "zh"} LanguageCode
 * @typedef {Record<string, unknown>} TextParams
 * @typedef {string | ((params: TextParams) => string)} Text  a text with `{placeholders}`, or a function of them
 * @typedef {keyof typeof en} TextKey
 */
import { en } from "../locales/en.js";
import { zh } from "../locales/zh.js";
import { isolate } from "./bidi.js";
import { Emitter } from "../net/events.js";

const COOKIE_MAX_AGE_SECONDS = 31_536_000;

/** @extends {Emitter<{change: null}>} */
class Language extends Emitter {
  /** @type {LanguageCode} */ code = initialTag().startsWith("zh") ? "zh" : "en";

  /** The language tag for `Intl` and `<html lang>`. */
  get tag() {
    return this.code === "zh" ? "zh-Hans" : "en";
  }

  /** @param {LanguageCode} code */
  choose(code) {
    this.code = code;
    const cookie = `django_language=${code === "zh" ? "zh-hans" : "en"}`;
    document.cookie = `${cookie}; path=/; max-age=${COOKIE_MAX_AGE_SECONDS}; samesite=lax`;
    document.documentElement.lang = this.tag;
    translateElements(document);
    this.emit("change");
  }

  /** Switch to the other language. */
  toggle() {
    this.choose(this.code === "zh" ? "en" : "zh");
  }
}

/** The page that opens without a connection is the same for every language. */
function initialTag() {
  const [, chosen] = document.cookie.match(/(?:^|; )django_language=([\w-]+)/) ?? [];
  return document.documentElement.lang || chosen || navigator.language;
}

export const language = new Language();

/**
 * Return the text of a key in the chosen language, with `{name}` replaced by the parameter of that name. Texts among the
 * parameters, such as names, keep their direction to themselves.
 * @param {TextKey} key
 * @param {TextParams} [params]
 * @returns {string}
 */
export function t(key, params = {}) {
  /** @type {Record<TextKey, Text>} */
  const texts = language.code === "zh" ? zh : en;
  const text = texts[key];
  if (typeof text === "function") return text(params);
  return text.replace(/\{(\w+)\}/g, (_, name) => isolate(String(params[name] ?? "")));
}

/**
 * Tell whether there is a text for a key that is built at run time.
 * @param {string} key
 * @returns {key is TextKey}
 */
export function hasText(key) {
  return key in en;
}

/**
 * Fill in the texts that markup names: `data-i18n` is the text content, `data-i18n-label` the accessible name and the
 * tooltip, `data-i18n-hint` the placeholder.
 * @param {Document | DocumentFragment | Element} root
 */
export function translateElements(root) {
  for (const element of elementsWith(root, "data-i18n")) element.textContent = textOf(element.dataset.i18n);
  for (const element of elementsWith(root, "data-i18n-label")) {
    const label = textOf(element.dataset.i18nLabel);
    element.setAttribute("aria-label", label);
    if (element.matches("button, a")) element.title = label;
  }
  for (const element of elementsWith(root, "data-i18n-hint")) {
    element.setAttribute("placeholder", textOf(element.dataset.i18nHint));
  }
}

/** @param {ParentNode} root @param {string} attribute @returns {NodeListOf<HTMLElement>} */
function elementsWith(root, attribute) {
  return root.querySelectorAll(`[${attribute}]`);
}

/** @param {string | undefined} key */
function textOf(key = "") {
  return hasText(key) ? t(key) : key;
}
