/**
 * The sections of emoji in the picker. A section has its buttons once it comes near to being visible. One button is in the
 * order of Tab; arrow keys, Home and End move between them.
 *
 * @import { EmojiEntry } from "../lib/emoji-catalog.js"
 * @typedef {{name: string, title: string, entries: EmojiEntry[]}} EmojiSection
 * @typedef {{section: HTMLElement, grid: HTMLElement, entries: EmojiEntry[]}} Shown
 */
import { cloneTemplate, part, setText, targetOf } from "../lib/dom.js";
import { inTone, spokenName } from "../lib/emoji-catalog.js";
import { language } from "../lib/i18n.js";
import { showEmoji } from "./custom-emoji.js";

export const COLUMNS = 8;
/** The distance from the visible part at which sections get their buttons. */
const FILL_MARGIN = "400px";

export class EmojiGrid {
  /** @type {Shown[]} */ #shown = [];
  /** @type {Map<Element, EmojiEntry>} */ #entries = new Map();
  #tone = "";
  /** @type {IntersectionObserver} */ #observer;

  /** @param {HTMLElement} scroller @param {(entry: EmojiEntry) => void} choose */
  constructor(scroller, choose) {
    this.scroller = scroller;
    this.#observer = new IntersectionObserver((changes) => {
      for (const { target, isIntersecting } of changes) if (isIntersecting) this.#fill(this.#shownAt(target));
    }, { root: scroller, rootMargin: FILL_MARGIN });
    scroller.addEventListener("click", (event) => {
      const entry = this.entryAt(targetOf(event));
      if (entry) choose(entry);
    });
    scroller.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Show these sections only. @param {EmojiSection[]} sections @param {string} tone */
  show(sections, tone) {
    this.#observer.disconnect();
    this.#entries.clear();
    this.#tone = tone;
    this.#shown = sections.map((one, index) => this.#createSection(one, index));
    this.scroller.replaceChildren(...this.#shown.map(({ section }) => section));
    this.scroller.scrollTop = 0;
    if (this.#shown.length) this.#fill(this.#shown[0]);
    const first = this.#buttons(0)[0];
    if (first) first.tabIndex = 0;
    for (const { section } of this.#shown) this.#observer.observe(section);
  }

  /** Return the entry whose button contains the element, or null. @param {Element} element */
  entryAt(element) {
    const button = element.closest("button");
    return (button && this.#entries.get(button)) ?? null;
  }

  /** @param {string} name of a section */
  scrollTo(name) {
    const section = this.#shown.find(({ section: { dataset } }) => dataset.name === name)?.section;
    if (section) this.scroller.scrollTop = section.offsetTop;
  }

  /** The name of the section at the top. */
  get current() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollTop > 0 && scrollTop + clientHeight >= scrollHeight - 1) return this.#shown[this.#shown.length - 1]?.section.dataset.name ?? "";
    const passed = this.#shown.filter(({ section }) => section.offsetTop <= scrollTop + 1);
    return passed[passed.length - 1]?.section.dataset.name ?? "";
  }

  /** Move the focus to the first emoji. */
  focusFirst() {
    this.#focus(0, 0);
  }

  /** @param {EmojiSection} section @param {number} index @returns {Shown} */
  #createSection({ name, title, entries }, index) {
    const section = cloneTemplate("template-emoji-section");
    const grid = part(section, "grid");
    const heading = part(section, "title");
    heading.id = `emoji-section-${index}`;
    setText(heading, title);
    section.dataset.name = name;
    section.setAttribute("aria-labelledby", heading.id);
    grid.style.setProperty("--rows", String(Math.ceil(entries.length / COLUMNS)));
    return { section, grid, entries };
  }

  /** @param {Element} section */
  #shownAt(section) {
    return this.#shown.find((shown) => shown.section === section);
  }

  /** @param {Shown | undefined} shown */
  #fill(shown) {
    if (!shown || shown.grid.childElementCount > 0) return;
    shown.grid.append(...shown.entries.map((entry) => this.#createButton(entry)));
    this.#observer.unobserve(shown.section);
  }

  /** @param {EmojiEntry} entry */
  #createButton(entry) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain emoji-choice";
    button.tabIndex = -1;
    button.dataset.testid = "emoji-choice";
    showEmoji(button, inTone(entry, this.#tone));
    button.setAttribute("aria-label", spokenName(entry, language.code === "zh"));
    this.#entries.set(button, entry);
    return button;
  }

  /** @param {number} index of a section */
  #buttons(index) {
    return /** @type {HTMLElement[]} */ ([...(this.#shown[index]?.grid.children ?? [])]);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { activeElement } = document;
    const sectionIndex = this.#shown.findIndex(({ grid }) => grid.contains(activeElement));
    if (sectionIndex < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this.#buttons(sectionIndex).indexOf(/** @type {HTMLElement} */ (activeElement));
    const next = this.#neighbour(sectionIndex, index, event.key);
    if (!next) return;
    event.preventDefault();
    // The timeline and the composer move by the same keys.
    event.stopPropagation();
    this.#focus(...next);
  }

  /**
   * Return the place that the key leads to, or null.
   * @param {number} section
   * @param {number} index
   * @param {string} key
   * @returns {[section: number, index: number] | null}
   */
  #neighbour(section, index, key) {
    const isLtr = getComputedStyle(this.scroller).direction === "ltr";
    const sizes = this.#shown.map(({ entries }) => entries.length);
    const last = sizes.length - 1;
    if (key === "Home") return [0, 0];
    if (key === "End") return [last, sizes[last] - 1];
    if (key === (isLtr ? "ArrowRight" : "ArrowLeft")) {
      if (index + 1 < sizes[section]) return [section, index + 1];
      return section < last ? [section + 1, 0] : null;
    }
    if (key === (isLtr ? "ArrowLeft" : "ArrowRight")) {
      if (index > 0) return [section, index - 1];
      return section > 0 ? [section - 1, sizes[section - 1] - 1] : null;
    }
    const column = index % COLUMNS;
    if (key === "ArrowDown") {
      const isLastRow = index - column + COLUMNS >= sizes[section];
      if (!isLastRow) return [section, Math.min(index + COLUMNS, sizes[section] - 1)];
      return section < last ? [section + 1, Math.min(column, sizes[section + 1] - 1)] : null;
    }
    if (key === "ArrowUp") {
      if (index >= COLUMNS) return [section, index - COLUMNS];
      if (section === 0) return null;
      const size = sizes[section - 1];
      const rowStart = Math.floor((size - 1) / COLUMNS) * COLUMNS;
      return [section - 1, Math.min(rowStart + column, size - 1)];
    }
    return null;
  }

  /** @param {number} sectionIndex @param {number} index */
  #focus(sectionIndex, index) {
    this.#fill(this.#shown[sectionIndex]);
    const button = this.#buttons(sectionIndex)[index];
    if (!button) return;
    for (const element of this.scroller.querySelectorAll("button[tabindex='0']")) element.setAttribute("tabindex", "-1");
    button.tabIndex = 0;
    button.focus({ preventScroll: true });
    button.scrollIntoView({ block: "nearest" });
  }
}
