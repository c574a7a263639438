/**
 * The composer of the thread panel. It keeps a draft for each thread.
 *
 * @import { ThreadConversation } from "../net/thread-conversation.js"
 * @import { Drafts } from "../state/drafts.js"
 * @import { Store } from "../state/store.js"
 */
import { find, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { hasVisibleText } from "../lib/visible-text.js";
import { sendPermission } from "../state/send-permission.js";

export class ThreadComposer {
  #threadId = "";

  /**
   * @param {{form: HTMLFormElement, conversation: ThreadConversation, drafts: Drafts, store: Store, maxLength: number}} deps
   *   `maxLength`: of a message, in characters
   */
  constructor({ form, conversation, drafts, store, maxLength }) {
    this.form = form;
    this.field = find(form, "textarea", HTMLTextAreaElement);
    this.alsoToChannel = find(form, "input[type=checkbox]", HTMLInputElement);
    this.conversation = conversation;
    this.drafts = drafts;
    this.store = store;
    this.maxLength = maxLength;
    conversation.on("opened", () => this.#show());
    conversation.on("closed", () => (this.#threadId = ""));
    drafts.on("changed-elsewhere", () => this.#refresh());
    drafts.on("emptied", () => this.#save());
    for (const type of /** @type {const} */ (["channels", "contacts"])) store.on(type, () => this.render());
    language.on("change", () => this.render());
    this.field.addEventListener("input", () => {
      this.#save();
      this.render();
    });
    this.field.addEventListener("keydown", (event) => this.#onKey(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Drafts of threads lie beside those of channels, whose targets are numbers. */
  get #draftName() {
    return `thread:${this.#threadId}`;
  }

  #show() {
    const id = this.conversation.current?.id ?? "";
    if (id !== this.#threadId) {
      this.#threadId = id;
      this.alsoToChannel.checked = false;
      this.field.value = this.drafts.get(this.#draftName).text;
    }
    this.render();
  }

  /** Show what another tab has written. */
  #refresh() {
    if (!this.#threadId) return;
    const { text } = this.drafts.get(this.#draftName);
    if (text === this.field.value) return;
    this.field.value = text;
    this.render();
  }

  #save() {
    if (this.#threadId) this.drafts.set(this.#draftName, { text: this.field.value, reply: null });
  }

  render() {
    if (!this.#threadId) return;
    const { channel, contacts } = this.store;
    const canSend = channel !== null && sendPermission(channel, contacts, Date.now()).canSend;
    const label = t(canSend ? "thread.label" : "composer.cannotSend");
    this.field.disabled = !canSend;
    this.alsoToChannel.disabled = !canSend;
    this.field.placeholder = label;
    this.field.setAttribute("aria-label", label);
    // The server counts code points, not UTF-16 units.
    const remaining = this.maxLength - [...this.field.value.trim()].length;
    const count = part(this.form, "count");
    count.hidden = remaining >= 0;
    setText(count, t("composer.overLimit", { n: -remaining }));
    this.field.setAttribute("aria-invalid", String(remaining < 0));
    const send = part(this.form, "send", HTMLButtonElement);
    send.disabled = remaining < 0 || !canSend || !hasVisibleText(this.field.value);
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    if (isInputMethodKey(event) || key !== "Enter" || shiftKey || ctrlKey || altKey || metaKey) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    // Blank lines around the text are removed; the indentation of its first line is kept.
    const text = this.field.value.replace(/^\s*\n/u, "").trimEnd();
    if (!hasVisibleText(text) || [...text].length > this.maxLength || this.field.disabled) return;
    const { checked } = this.alsoToChannel;
    this.field.value = "";
    this.alsoToChannel.checked = false;
    this.#save();
    this.render();
    this.conversation.send(text, checked);
    this.focus();
  }
}
