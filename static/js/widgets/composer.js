/**
 * The composer: writes, replies to and edits messages, and keeps a draft for each channel. Enter sends.
 *
 * @import { Message, User } from "../net/wire-types.js"
 * @import { Conversation } from "../net/conversation.js"
 * @import { Drafts, ReplyReference } from "../state/drafts.js"
 * @import { SendPermission } from "../state/send-permission.js"
 * @import { Store } from "../state/store.js"
 * @import { MentionList } from "./mention-list.js"
 */
import { byId, find, part, setText } from "../lib/dom.js";
import { formatDateTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { firstLine } from "../lib/text.js";
import { hasVisibleText } from "../lib/visible-text.js";
import { sendPermission } from "../state/send-permission.js";
import { messageSummary } from "./message.js";
import { showErrorToast } from "./toast.js";

/** The remaining characters from which they are shown. */
const SHOW_REMAINING_FROM = 200;
const MAX_TIMER_MS = 86_400_000;
/** The end of a mute is checked a little later, as clocks differ. */
const TIMER_MARGIN_MS = 500;
/** The key code of an input method that is composing; some browsers do not set `isComposing`. */
const COMPOSING_KEY_CODE = 229;

export class Composer {
  /** @type {ReplyReference | null} */ #reply = null;
  /** @type {Message | null} */ #editedMessage = null;
  #target = "";
  #renderedChannel = "";
  #permissionTimer = 0;
  #form = byId("composer-form", HTMLFormElement);
  #sendButton = find(this.#form, ".composer-send", HTMLButtonElement);
  field = byId("composer", HTMLTextAreaElement);

  /**
   * @param {{store: Store, conversation: Conversation, drafts: Drafts, maxLength: number, mentionList: MentionList,
   *   unblock: (user: User) => void}} deps  `maxLength`: of a message, in characters
   */
  constructor({ store, conversation, drafts, maxLength, mentionList, unblock }) {
    this.store = store;
    this.conversation = conversation;
    this.drafts = drafts;
    this.maxLength = maxLength;
    this.mentionList = mentionList;
    store.on("current", () => this.#onChannelOpened());
    store.on("channels", () => this.#renderChannel());
    store.on("contacts", () => this.#renderChannel());
    language.on("change", () => this.#render());
    this.field.addEventListener("input", () => this.#onInput());
    this.field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    part(this.#form, "cancel").addEventListener("click", () => this.cancel());
    part(this.#form, "unblock").addEventListener("click", () => {
      if (store.channel?.peer) unblock(store.channel.peer);
    });
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Start a reply. @param {Message} message */
  replyTo(message) {
    if (this.#editedMessage) this.#restoreDraft();
    this.#reply = { id: message.id, seq: message.seq, name: message.name, msg: messageSummary(message) };
    this.#saveDraft();
    this.#render();
    this.focus();
  }

  /** Start editing a message. @param {Message} message */
  edit(message) {
    if (!this.#editedMessage) this.#saveDraft();
    this.#editedMessage = message;
    this.#setText(message.msg);
    this.focus();
  }

  /** Leave the edit or the reply. Returns whether there was one. */
  cancel() {
    const isActive = this.#editedMessage !== null || this.#reply !== null;
    if (this.#editedMessage) this.#restoreDraft();
    else if (this.#reply) {
      this.#reply = null;
      this.#saveDraft();
      this.#render();
    }
    this.focus();
    return isActive;
  }

  #onChannelOpened() {
    this.#target = this.store.currentTarget ?? "";
    this.#restoreDraft();
    if (matchMedia("(hover: hover)").matches) this.focus();
  }

  #onInput() {
    if (!this.#editedMessage) this.#saveDraft();
    this.#render();
  }

  #saveDraft() {
    if (this.#target) this.drafts.set(this.#target, { text: this.field.value, reply: this.#reply });
  }

  /** Leave the edit, if there is one, for the channel's draft. */
  #restoreDraft() {
    this.#editedMessage = null;
    const { text, reply } = this.drafts.get(this.#target);
    this.#reply = reply;
    this.#setText(text);
  }

  /** @param {string} text */
  #setText(text) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.#render();
  }

  #render() {
    this.#renderChannel();
    this.#renderContext();
    const text = this.field.value.trim();
    // The server counts code points, not UTF-16 units.
    const remaining = this.maxLength - [...text].length;
    const count = part(this.#form, "count");
    count.hidden = remaining > SHOW_REMAINING_FROM;
    count.classList.toggle("error", remaining < 0);
    setText(count, remaining < 0 ? t("composer.overLimit", { n: -remaining }) : t("composer.remaining", { n: remaining }));
    this.field.setAttribute("aria-invalid", String(remaining < 0));
    this.#sendButton.disabled = remaining < 0 || this.field.disabled || !hasVisibleText(text);
    this.#sendButton.title = t(this.#editedMessage ? "composer.save" : "composer.send");
    this.#sendButton.setAttribute("aria-label", this.#sendButton.title);
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  /** Show the channel's name, and whether the user can send messages in it. */
  #renderChannel() {
    const { channel, contacts } = this.store;
    const permission = channel ? sendPermission(channel, contacts, Date.now()) : null;
    const name = channel?.name ?? "";
    const signature = JSON.stringify([name, permission, channel?.slowMode, language.code]);
    if (signature === this.#renderedChannel) return;
    this.#renderedChannel = signature;
    const canSend = permission?.canSend ?? false;
    const until = permission?.until ?? 0;
    this.field.disabled = !canSend;
    this.field.placeholder = channel ? t(canSend ? "composer.label" : "composer.cannotSend", { name }) : "";
    this.field.setAttribute("aria-label", t("composer.label", { name }));
    this.#renderRestriction(permission, { name, n: channel?.slowMode ?? 0, until: formatDateTime(until) });
    clearTimeout(this.#permissionTimer);
    if (!until) return;
    const delay = Math.min(until - Date.now() + TIMER_MARGIN_MS, MAX_TIMER_MS);
    this.#permissionTimer = setTimeout(() => this.#renderChannel(), delay);
  }

  /** @param {SendPermission | null} permission @param {{name: string, n: number, until: string}} params */
  #renderRestriction(permission, params) {
    const notice = part(this.#form, "notice");
    const restriction = permission?.restriction ?? "";
    notice.hidden = restriction === "";
    part(notice, "unblock").hidden = restriction !== "blocked";
    if (restriction === "") return;
    const key = restriction === "muted" && permission?.until ? "mutedUntil" : restriction;
    setText(part(notice, "text"), t(`composer.${key}`, params));
  }

  /** Show the message that is edited or replied to. */
  #renderContext() {
    const context = part(this.#form, "context");
    const edited = this.#editedMessage;
    context.hidden = !edited && !this.#reply;
    if (context.hidden) return;
    part(context, "context-icon", SVGElement).setAttribute("href", edited ? "#icon-edit" : "#icon-reply");
    setText(part(context, "context-title"), edited ? t("composer.editing") : t("composer.replyTo", { name: this.#reply?.name }));
    setText(part(context, "context-text"), edited ? firstLine(edited.msg) : this.#reply?.msg ?? "");
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    // While an input method is composing, Enter and the arrow keys belong to it.
    if (event.isComposing || event.keyCode === COMPOSING_KEY_CODE || this.mentionList.onKey(event)) return;
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    if (key === "Enter" && !shiftKey && !ctrlKey && !altKey && !metaKey) {
      event.preventDefault();
      this.#submit();
    } else if (key === "ArrowUp" && !shiftKey && !altKey && this.field.value === "" && !this.#editedMessage) {
      const last = this.#lastOwnMessage();
      if (!last) return;
      event.preventDefault();
      this.edit(last);
    }
  }

  /** @returns {Message | undefined} */
  #lastOwnMessage() {
    const { log, me } = this.store;
    return log?.messages.findLast(({ fromId, recalled, type }) => fromId === me?.id && !recalled && type === "text");
  }

  #submit() {
    // Blank lines around the text are removed; the indentation of its first line is kept.
    const text = this.field.value.replace(/^\s*\n/u, "").trimEnd();
    if (!hasVisibleText(text) || [...text].length > this.maxLength || this.field.disabled) return;
    if (this.#editedMessage) {
      this.#saveEdit(this.#editedMessage, text);
      return;
    }
    const reply = this.#reply;
    this.#reply = null;
    this.#setText("");
    this.#saveDraft();
    this.conversation.send(text, reply);
    this.focus();
  }

  /** @param {Message} message @param {string} text */
  async #saveEdit(message, text) {
    try {
      if (text !== message.msg) await this.conversation.edit(message, text);
      if (this.#editedMessage === message) this.#restoreDraft();
    } catch (error) {
      // The edited text stays in the field.
      showErrorToast(error);
    }
  }
}
