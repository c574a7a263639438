/**
 * The composer of the thread panel. It keeps a draft for each thread.
 *
 * @import { OutboxEntry } from "../net/outbox.js"
 * @import { ThreadConversation } from "../net/thread-conversation.js"
 * @import { SlashCommands } from "../page/slash-commands.js"
 * @import { AttachmentDrafts } from "../state/attachment-drafts.js"
 * @import { Drafts } from "../state/drafts.js"
 * @import { Store } from "../net/state/store.js"
 * @import { SuggestionList } from "./suggestion-list.js"
 */
import { byId, find, part, setText } from "../lib/dom.js";
import { fitHeight } from "../lib/field-editing.js";
import { language, t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { isSlashCommand, withoutEscape } from "../lib/slash.js";
import { hasVisibleText } from "../lib/visible-text.js";
import { draftNameOf } from "../state/drafts.js";
import { sendPermission } from "../state/send-permission.js";
import { showErrorToast, showToast } from "./toast.js";

export class ThreadComposer {
  #threadId = "";

  /**
   * @param {{form: HTMLFormElement, conversation: ThreadConversation, drafts: Drafts, attachmentDrafts: AttachmentDrafts,
   *   store: Store, suggestions: SuggestionList, slashCommands: SlashCommands, maxLength: number}} deps  `maxLength`: of a message, in characters
   */
  constructor({ form, conversation, drafts, attachmentDrafts, store, suggestions, slashCommands, maxLength }) {
    this.slashCommands = slashCommands;
    this.form = form;
    this.field = find(form, "textarea", HTMLTextAreaElement);
    this.alsoToChannel = find(form, "input[type=checkbox]", HTMLInputElement);
    this.conversation = conversation;
    this.drafts = drafts;
    this.store = store;
    this.attachmentDrafts = attachmentDrafts;
    this.suggestions = suggestions;
    this.maxLength = maxLength;
    /** An answer is not edited here. */
    this.isEditing = false;
    attachmentDrafts.on("change", (name) => name === this.draftName && this.render());
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

  /** The name of the draft that is shown; "": none. Drafts of threads lie beside those of channels, whose names are numbers. */
  get draftName() {
    return this.#threadId && draftNameOf(this.#threadId);
  }

  /** True while the user can write an answer. */
  get canSend() {
    return this.#threadId !== "" && !this.field.disabled;
  }

  /** True while what the user has written here can be sent later. */
  get canSendLater() {
    return this.canSend && !part(this.form, "send", HTMLButtonElement).disabled;
  }

  /**
   * Give the answer away, to be sent later, and empty the composer. Returns whether that was possible.
   * @param {(message: {target: string, msg: string, threadId: string, alsoToChannel: boolean, attachments: string[]}) => Promise<void>} schedule
   */
  async sendLater(schedule) {
    const { draftName: name } = this;
    const { current } = this.conversation;
    const uploads = this.attachmentDrafts.of(name);
    const attachments = this.attachmentDrafts.uploadedIds(uploads);
    if (!current || !attachments) {
      showToast(t("schedule.uploading"), { isError: true });
      return false;
    }
    const { value } = this.field;
    const msg = await this.suggestions.completed(value.trim());
    await schedule({ target: current.target, msg, threadId: current.id, alsoToChannel: this.alsoToChannel.checked, attachments });
    this.attachmentDrafts.removeSent(name, uploads);
    // Meanwhile the user may have gone on writing, or to another thread.
    if (this.drafts.get(name).text === value) this.drafts.set(name, { text: "", reply: null });
    if (name === this.draftName) {
      this.alsoToChannel.checked = false;
      this.#setText(this.drafts.get(name).text);
      this.render();
    }
    return true;
  }

  /** Take back the text of an answer that could not be sent, before what the user is writing. @param {OutboxEntry} entry */
  restore({ threadId = "", text, target }) {
    const name = draftNameOf(threadId);
    const draft = this.drafts.get(name);
    this.drafts.set(name, { ...draft, target, text: [text, draft.text].filter(Boolean).join("\n") });
    this.#refresh();
  }

  #show() {
    const id = this.conversation.current?.id ?? "";
    if (id !== this.#threadId) {
      this.#threadId = id;
      this.alsoToChannel.checked = false;
      this.#setText(this.drafts.get(this.draftName).text);
    }
    this.render();
  }

  /** Show what another tab has written. */
  #refresh() {
    if (!this.#threadId) return;
    const { text } = this.drafts.get(this.draftName);
    if (text === this.field.value) return;
    this.#setText(text);
    this.render();
  }

  /** @param {string} text */
  #setText(text) {
    this.field.value = text;
    this.suggestions.close();
  }

  #save() {
    const { target } = this.conversation.current ?? {};
    if (this.#threadId) this.drafts.set(this.draftName, { text: this.field.value, reply: null, target });
  }

  render() {
    if (!this.#threadId) return;
    const { channel, contacts } = this.store;
    const canSend = channel !== null && sendPermission(channel, contacts, Date.now()).canSend;
    const label = t(canSend ? "thread.label" : "composer.cannotSend");
    this.field.disabled = !canSend;
    this.form.classList.toggle("is-closed", !canSend);
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
    send.disabled = remaining < 0 || !canSend || !(hasVisibleText(this.field.value) || this.#hasFiles);
    byId("thread-send-later").hidden = !this.canSendLater || this.store.me?.kind === "guest";
    fitHeight(this.field);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isInputMethodKey(event) || this.suggestions.onKey(event)) return;
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    if (key !== "Enter" || shiftKey || ctrlKey || altKey || metaKey) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    // Blank lines around the text are removed; the indentation of its first line is kept.
    const text = this.field.value.replace(/^\s*\n/u, "").trimEnd();
    if (!(hasVisibleText(text) || this.#hasFiles) || [...text].length > this.maxLength || this.field.disabled) return;
    if (isSlashCommand(text)) {
      this.#runCommand(text);
      return;
    }
    if (this.attachmentDrafts.of(this.draftName).some(({ state }) => state === "failed")) {
      showToast(t("attachment.hasFailed"), { isError: true });
      return;
    }
    const completed = this.suggestions.complete(text, () => this.#submit());
    if (completed === null) return;
    const { checked } = this.alsoToChannel;
    const uploads = this.attachmentDrafts.take(this.draftName);
    this.#setText("");
    this.alsoToChannel.checked = false;
    this.#save();
    this.render();
    this.conversation.send(hasVisibleText(text) ? withoutEscape(completed) : "", checked, uploads);
    this.focus();
  }

  /** Run a slash command in the thread. A text that was refused comes back. @param {string} text */
  async #runCommand(text) {
    const threadId = this.#threadId;
    const target = this.store.currentTarget;
    if (!target) return;
    this.#setText("");
    this.#save();
    this.render();
    this.focus();
    try {
      await this.slashCommands.run(target, text, threadId);
    } catch (error) {
      if (threadId === this.#threadId) this.#setText([text, this.field.value].filter(Boolean).join("\n"));
      this.#save();
      this.render();
      showErrorToast(error);
    }
  }

  get #hasFiles() {
    return this.attachmentDrafts.of(this.draftName).length > 0;
  }
}
