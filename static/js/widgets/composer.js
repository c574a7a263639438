/**
 * The composer: writes, replies to and edits messages. It shows what the user was writing in the open channel, in
 * whichever tab: the edit of a message, else the draft. Enter sends.
 *
 * @import { Message, User } from "../net/wire-types.js"
 * @import { Conversation } from "../net/conversation.js"
 * @import { Drafts, Edit, ReplyReference } from "../state/drafts.js"
 * @import { OutboxEntry } from "../net/outbox.js"
 * @import { Upload } from "../net/uploads.js"
 * @import { SlashCommands } from "../page/slash-commands.js"
 * @import { AttachmentDrafts } from "../state/attachment-drafts.js"
 * @import { Store } from "../net/state/store.js"
 * @import { SuggestionList } from "./suggestion-list.js"
 */
import { byId, find, hasFocus, part, setText } from "../lib/dom.js";
import { fitHeight } from "../lib/field-editing.js";
import { formatDateTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { isInputMethodKey } from "../lib/keys.js";
import { isSlashCommand, withoutEscape } from "../lib/slash.js";
import { today } from "../lib/today.js";
import { hasVisibleText } from "../lib/visible-text.js";
import { messageText } from "../net/state/message-content.js";
import { sendPermission } from "../state/send-permission.js";
import { showContext } from "./composer-context.js";
import { showRestriction } from "./composer-notice.js";
import { messageSummary } from "./message.js";
import { showErrorToast, showToast } from "./toast.js";

/** The remaining characters from which they are shown. */
const SHOW_REMAINING_FROM = 200;
const MAX_TIMER_MS = 86_400_000;
/** The end of a mute is checked a little later, as clocks differ. */
const TIMER_MARGIN_MS = 500;

export class Composer {
  /** @type {ReplyReference | null} */ #reply = null;
  /** As it was when it began; the field has its present text. @type {Edit | null} */ #edit = null;
  #target = "";
  #renderedChannel = "";
  #permissionTimer = 0;
  #form = byId("composer-form", HTMLFormElement);
  #sendButton = find(this.#form, ".composer-send", HTMLButtonElement);
  #laterButton = byId("send-later");
  field = byId("composer", HTMLTextAreaElement);

  /**
   * @param {{store: Store, conversation: Conversation, drafts: Drafts, attachmentDrafts: AttachmentDrafts,
   *   maxLength: number, suggestions: SuggestionList, slashCommands: SlashCommands, unblock: (user: User) => void}} deps
   *   `maxLength`: of a message, in characters
   */
  constructor({ store, conversation, drafts, attachmentDrafts, maxLength, suggestions, slashCommands, unblock }) {
    this.slashCommands = slashCommands;
    this.attachmentDrafts = attachmentDrafts;
    this.store = store;
    this.conversation = conversation;
    this.drafts = drafts;
    this.maxLength = maxLength;
    this.suggestions = suggestions;
    store.on("current", () => this.#onChannelOpened());
    for (const type of /** @type {const} */ (["channels", "contacts", "connection"])) store.on(type, () => this.#renderChannel());
    store.on("recalled", ({ target, id }) => this.#onRecalled(target, id));
    attachmentDrafts.on("change", (target) => target === this.#target && this.#render());
    drafts.on("changed-elsewhere", () => this.#refresh());
    drafts.on("emptied", () => this.#save());
    language.on("change", () => this.#render());
    today.on("change", () => this.#renderChannel());
    this.field.addEventListener("input", () => this.#onInput());
    this.field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    part(this.#form, "cancel").addEventListener("click", () => this.cancel());
    part(this.#form, "discard").addEventListener("click", () => this.#discardEdit());
    part(this.#form, "unblock").addEventListener("click", () => {
      if (store.channel?.peer) unblock(store.channel.peer);
    });
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Start a reply. @param {Message} message */
  replyTo(message) {
    this.#leaveEdit();
    this.#reply = { id: message.id, seq: message.seq, name: message.name, msg: messageSummary(message) };
    this.#save();
    this.#render();
    this.focus();
  }

  /** Start editing a message, or continue. @param {Message} message */
  edit(message) {
    const { id } = message;
    if (this.#edit?.id !== id) {
      this.#leaveEdit();
      const msg = messageText(message);
      const text = this.drafts.editOf(this.#target, id)?.text ?? msg;
      const edit = { id, msg, text, isOpen: true };
      this.drafts.setEdit(this.#target, edit);
      this.#show(edit);
    }
    this.focus();
  }

  /** Leave the edit, whose text is kept, or the reply. Returns whether there was one. */
  cancel() {
    const isActive = this.#edit !== null || this.#reply !== null;
    if (this.#edit) this.#leaveEdit();
    else if (this.#reply) {
      this.#reply = null;
      this.#save();
      this.#render();
    }
    this.focus();
    return isActive;
  }

  /** The name of the draft that is shown, which is the channel's target; "": none. */
  get draftName() {
    return this.#target;
  }

  /** True while the user can write a new message here. */
  get canSend() {
    return this.#target !== "" && !this.field.disabled;
  }

  /** True while the user edits a message, which can get no more files. */
  get isEditing() {
    return this.#edit !== null;
  }

  /** Take back the text of a message that could not be sent, before what the user is writing. @param {Pick<OutboxEntry, "target" | "text">} entry */
  restore({ target, text }) {
    const draft = this.drafts.get(target);
    this.drafts.set(target, { ...draft, text: [text, draft.text].filter(Boolean).join("\n") });
    if (target === this.#target && !this.#edit) this.#show();
  }

  /** Send files, with what the user replies to, and leave the text. @param {Upload[]} uploads */
  sendFiles(uploads) {
    const reply = this.#reply;
    this.#reply = null;
    this.#save();
    this.#render();
    this.conversation.send("", reply, uploads);
  }

  /** True while what the user has written here can be sent later. */
  get canSendLater() {
    return this.#target !== "" && !this.#edit && !this.#sendButton.disabled;
  }

  /**
   * Give what the user has written away, to be sent later, and empty the composer. Returns whether that was possible.
   * @param {(message: {target: string, msg: string, replyTo?: string, attachments: string[]}) => Promise<void>} schedule
   */
  async sendLater(schedule) {
    const target = this.#target;
    const uploads = this.attachmentDrafts.of(target);
    const attachments = this.attachmentDrafts.uploadedIds(uploads);
    if (!attachments) {
      showToast(t("schedule.uploading"), { isError: true });
      return false;
    }
    const { value } = this.field;
    const reply = this.#reply ? { replyTo: this.#reply.id } : {};
    const msg = await this.suggestions.completed(value.trim());
    await schedule({ target, msg, attachments, ...reply });
    this.attachmentDrafts.removeSent(target, uploads);
    // Meanwhile the user may have gone on writing.
    if (this.drafts.get(target).text === value) this.drafts.set(target, { text: "", reply: null });
    if (target === this.#target && !this.#edit) this.#show();
    return true;
  }

  get #isEditChanged() {
    return this.#edit !== null && this.field.value !== this.#edit.msg;
  }

  /** True while the channels cannot be loaded: the user may write, but not send. */
  get #canWriteEarly() {
    const { isChannelListLoaded, connection } = this.store;
    return !isChannelListLoaded && (connection.reason !== "" || this.field.value !== "");
  }

  #onChannelOpened() {
    const target = this.store.currentTarget ?? "";
    const isFirst = this.#target === "" && target !== "";
    // Text from before any channel could be loaded belongs to the first one.
    const early = isFirst ? this.field.value.trim() : "";
    this.#target = target;
    this.#show(this.drafts.openEdit(target));
    if (early) {
      this.#leaveEdit();
      this.#setText([this.field.value, early].filter(Boolean).join("\n"));
      this.#save();
    }
    // While the page was loading, the user may have opened a menu or begun to search.
    if (matchMedia("(hover: hover)").matches && !(isFirst && hasFocus())) this.focus();
  }

  /** Take over what another tab has changed. */
  #refresh() {
    const { value } = this.field;
    if (this.#edit) {
      const edit = this.drafts.editOf(this.#target, this.#edit.id);
      if (edit && edit.text !== value) this.#setText(edit.text);
      // An edit without a change is not kept, so another tab has not ended it.
      else if (!edit && this.#isEditChanged) this.#show();
      return;
    }
    const { text, reply } = this.drafts.get(this.#target);
    const isSameText = text === value || (!text.trim() && !value.trim());
    if (!isSameText || reply?.id !== this.#reply?.id) this.#show();
  }

  #onInput() {
    this.#save();
    this.#render();
  }

  /** Keep what the field contains. */
  #save() {
    if (!this.#target) return;
    const text = this.field.value;
    if (this.#edit) this.drafts.setEdit(this.#target, { ...this.#edit, text });
    else this.drafts.set(this.#target, { text, reply: this.#reply });
  }

  /** Show this edit, else the channel's draft. @param {Edit | null} [edit] */
  #show(edit = null) {
    const { text, reply } = this.drafts.get(this.#target);
    this.#edit = edit;
    this.#reply = reply;
    this.#setText(edit?.text ?? text);
  }

  /** Show the draft in place of the edit, if there is one, and keep that for later. */
  #leaveEdit() {
    if (!this.#edit) return;
    if (this.#isEditChanged) showToast(t("composer.editKept"));
    this.drafts.setEdit(this.#target, { ...this.#edit, text: this.field.value, isOpen: false });
    this.#show();
  }

  #discardEdit() {
    if (this.#edit) this.drafts.removeEdit(this.#target, this.#edit.id);
    this.#show();
    this.focus();
  }

  /** @param {string} target @param {string} id */
  #onRecalled(target, id) {
    this.drafts.rescueEdit(target, id);
    if (target === this.#target && this.#edit?.id === id) this.#show();
  }

  /** @param {string} text */
  #setText(text) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.suggestions.close();
    this.#render();
  }

  #render() {
    this.#renderChannel();
    this.#form.classList.toggle("is-editing", this.#edit !== null);
    showContext(part(this.#form, "context"), { edit: this.#edit, reply: this.#reply, isChanged: this.#isEditChanged });
    const text = this.field.value.trim();
    // The server counts code points, not UTF-16 units.
    const remaining = this.maxLength - [...text].length;
    const count = part(this.#form, "count");
    count.hidden = remaining > SHOW_REMAINING_FROM;
    count.classList.toggle("error", remaining < 0);
    setText(count, remaining < 0 ? t("composer.overLimit", { n: -remaining }) : t("composer.remaining", { n: remaining }));
    this.field.setAttribute("aria-invalid", String(remaining < 0));
    this.#sendButton.disabled = remaining < 0 || this.field.disabled || !(hasVisibleText(text) || this.#hasFiles);
    this.#laterButton.hidden = !this.canSendLater || this.store.me?.kind === "guest";
    this.#sendButton.title = t(this.#edit ? "composer.save" : "composer.send");
    this.#sendButton.setAttribute("aria-label", this.#sendButton.title);
    fitHeight(this.field, this.#form);
  }

  /** Show the channel's name, and whether the user can send messages in it. */
  #renderChannel() {
    const { channel, contacts } = this.store;
    const permission = channel ? sendPermission(channel, contacts, Date.now()) : null;
    const name = channel?.name ?? "";
    const endsAt = permission?.until ?? 0;
    const until = endsAt ? formatDateTime(endsAt) : "";
    const signature = JSON.stringify([name, permission, until, channel?.slowMode, this.#canWriteEarly, language.code]);
    if (signature === this.#renderedChannel) return;
    this.#renderedChannel = signature;
    const canSend = permission?.canSend ?? false;
    this.field.disabled = !canSend && !this.#canWriteEarly;
    this.#form.classList.toggle("is-closed", this.field.disabled);
    const hint = t(canSend ? "composer.label" : channel ? "composer.cannotSend" : "composer.notConnected", { name });
    this.field.placeholder = channel || this.#canWriteEarly ? hint : "";
    this.field.setAttribute("aria-label", channel ? t("composer.label", { name }) : hint);
    showRestriction(part(this.#form, "notice"), permission, { name, n: channel?.slowMode ?? 0, until });
    clearTimeout(this.#permissionTimer);
    if (!endsAt) return;
    const delay = Math.min(endsAt - Date.now() + TIMER_MARGIN_MS, MAX_TIMER_MS);
    this.#permissionTimer = setTimeout(() => this.#renderChannel(), delay);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isInputMethodKey(event) || this.suggestions.onKey(event)) return;
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    if (key === "Enter" && !shiftKey && !ctrlKey && !altKey && !metaKey) {
      event.preventDefault();
      this.#submit();
    } else if (key === "ArrowUp" && !shiftKey && !altKey && this.field.value === "" && !this.#edit) {
      const last = this.store.log?.lastEditable(this.store.me?.id);
      if (!last) return;
      event.preventDefault();
      this.edit(last);
    }
  }

  #submit() {
    // Blank lines around the text are removed; the indentation of its first line is kept.
    const text = this.field.value.replace(/^\s*\n/u, "").trimEnd();
    if (!(hasVisibleText(text) || this.#hasFiles) || [...text].length > this.maxLength || this.field.disabled) return;
    if (this.#edit) {
      const edited = text === this.#edit.msg ? text : this.suggestions.complete(text, () => this.#submit());
      if (edited !== null) this.#saveEdit(this.#edit, edited);
      return;
    }
    if (!this.#target) {
      showToast(t("composer.notConnected"));
      return;
    }
    if (isSlashCommand(text)) {
      this.#runCommand(text);
      return;
    }
    if (this.attachmentDrafts.of(this.#target).some(({ state }) => state === "failed")) {
      showToast(t("attachment.hasFailed"), { isError: true });
      return;
    }
    const completed = this.suggestions.complete(text, () => this.#submit());
    if (completed === null) return;
    const reply = this.#reply;
    this.#reply = null;
    this.#setText("");
    this.#save();
    this.conversation.send(hasVisibleText(text) ? withoutEscape(completed) : "", reply, this.attachmentDrafts.take(this.#target));
    this.focus();
  }

  /** Run a slash command. A text that was refused comes back. @param {string} text */
  async #runCommand(text) {
    const target = this.#target;
    this.#setText("");
    this.#save();
    this.focus();
    try {
      await this.slashCommands.run(target, text);
    } catch (error) {
      this.restore({ target, text });
      showErrorToast(error);
    }
  }

  /** True if there are files to send, or the edited message has files beside its text. */
  get #hasFiles() {
    if (this.#edit) return this.store.log?.byId(this.#edit.id)?.type === "file";
    return this.attachmentDrafts.of(this.#target).length > 0;
  }

  /** @param {Edit} edit @param {string} text */
  async #saveEdit({ id, msg }, text) {
    const target = this.#target;
    const { value } = this.field;
    try {
      const message = this.store.logs.get(target)?.byId(id);
      if (text !== (message ? messageText(message) : msg)) await this.conversation.edit({ target, id }, text);
    } catch (error) {
      // The edit stays in the field.
      showErrorToast(error);
      return;
    }
    // Meanwhile the user may have gone on writing, or to another channel.
    const edit = this.drafts.editOf(target, id);
    if (edit && edit.text !== value) this.drafts.setEdit(target, { ...edit, msg: text });
    else this.drafts.removeEdit(target, id);
    if (target === this.#target && this.#edit?.id === id) this.#show(this.drafts.editOf(target, id));
  }
}
