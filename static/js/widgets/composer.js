/** Where one writes: grows to eight lines, keeps a draft per channel, answers, edits. Enter sends. */
/**
 * @import { Conversation } from "../net/conversation.js"
 * @import { Drafts, Quoted } from "../state/drafts.js"
 * @import { Message, Person } from "../net/protocol.js"
 * @import { Store } from "../state/store.js"
 * @import { MentionList } from "./mention-list.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { momentOf } from "../lib/format.js";
import { sendState } from "../state/send-state.js";
import { firstLine } from "../lib/text.js";
import { quoteText } from "./message.js";
import { showError } from "./toast.js";

const WARN_WITHIN = 200;
const DAY = 86_400_000;

export class Composer {
  /** @type {Quoted | null} */ #reply = null;
  /** @type {Message | null} */ #editing = null;
  #target = "";
  #shown = "";
  #stateTimer = 0;
  form = byId("composer-form");
  field = /** @type {HTMLTextAreaElement} */ (byId("composer"));

  /**
   * @param {{store: Store, conversation: Conversation, drafts: Drafts, limit: number, mentions: MentionList,
   *   unblock: (person: Person) => void}} parts
   */
  constructor({ store, conversation, drafts, limit, mentions, unblock }) {
    this.store = store;
    this.conversation = conversation;
    this.drafts = drafts;
    this.limit = limit;
    this.mentions = mentions;
    store.addEventListener("current", () => this.#opened());
    for (const type of ["channels", "circle"]) store.addEventListener(type, () => this.#showChannel());
    language.addEventListener("change", () => this.#show());
    this.field.addEventListener("input", () => this.#written());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#submit();
    });
    part(this.form, "cancel").addEventListener("click", () => this.cancel());
    part(this.form, "unblock").addEventListener("click", () => store.channel?.peer && unblock(store.channel.peer));
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** @param {Message} message */
  reply(message) {
    if (this.#editing) this.#leaveEdit();
    this.#reply = { id: message.id, seq: message.seq, name: message.name, msg: quoteText(message) };
    this.#keep();
    this.#show();
    this.focus();
  }

  /** @param {Message} message */
  edit(message) {
    if (!this.#editing) this.#keep();
    this.#editing = message;
    this.#fill(message.msg);
    this.focus();
  }

  /** Leaves the edit or the reply. Returns whether there was one. */
  cancel() {
    const had = this.#editing !== null || this.#reply !== null;
    if (this.#editing) this.#leaveEdit();
    else if (this.#reply) {
      this.#reply = null;
      this.#keep();
      this.#show();
    }
    this.focus();
    return had;
  }

  #opened() {
    this.#editing = null;
    this.#target = this.store.current ?? "";
    const draft = this.drafts.get(this.#target);
    this.#reply = draft.reply;
    this.#fill(draft.text);
    if (matchMedia("(hover: hover)").matches) this.focus();
  }

  #leaveEdit() {
    this.#editing = null;
    const draft = this.drafts.get(this.#target);
    this.#reply = draft.reply;
    this.#fill(draft.text);
  }

  /** @param {string} text */
  #fill(text) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.#show();
  }

  #written() {
    if (!this.#editing) this.#keep();
    this.#show();
  }

  #keep() {
    if (this.#target) this.drafts.set(this.#target, { text: this.field.value, reply: this.#reply });
  }

  /** The channel may have been renamed or closed, or oneself muted; most of the times nothing is new. */
  #showChannel() {
    const { channel, circle } = this.store;
    const state = channel ? sendState(channel, circle, Date.now()) : { reason: "closed", may: false, until: 0 };
    const name = channel?.name ?? "";
    const shown = JSON.stringify([name, state, channel?.slowMode, language.code]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.field.disabled = !state.may;
    const hint = state.may ? t("composer.hint", { name }) : t("composer.cannot");
    this.field.placeholder = channel ? hint : "";
    this.field.setAttribute("aria-label", t("composer.label", { name }));
    const note = part(this.form, "note");
    note.hidden = !state.reason || !channel;
    const kind = state.reason === "muted" && state.until ? "mutedUntil" : state.reason;
    if (!note.hidden) setText(part(note, "text"), t(`composer.${kind}`, { name, n: channel?.slowMode ?? 0, until: momentOf(state.until) }));
    part(note, "unblock").hidden = state.reason !== "blocked";
    clearTimeout(this.#stateTimer);
    if (state.until) this.#stateTimer = setTimeout(() => this.#showChannel(), Math.min(state.until - Date.now() + 500, DAY));
  }

  #show() {
    this.#showChannel();
    this.#showAbout();
    // Characters as the server counts them, not UTF-16 units.
    const left = this.limit - [...this.field.value.trim()].length;
    const count = part(this.form, "count");
    count.hidden = left > WARN_WITHIN;
    count.classList.toggle("error", left < 0);
    this.field.setAttribute("aria-invalid", String(left < 0));
    setText(count, left < 0 ? t("composer.over", { n: -left }) : t("composer.left", { n: left }));
    const button = /** @type {HTMLButtonElement} */ (this.form.querySelector(".composer-send"));
    button.disabled = left < 0 || this.field.disabled || !this.field.value.trim();
    button.title = t(this.#editing ? "composer.save" : "composer.send");
    button.setAttribute("aria-label", button.title);
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  #showAbout() {
    const about = part(this.form, "about");
    about.hidden = !this.#editing && !this.#reply;
    if (about.hidden) return;
    part(about, "about-icon").setAttribute("href", this.#editing ? "#i-edit" : "#i-reply");
    setText(part(about, "about-title"), this.#editing ? t("composer.editing") : t("composer.replyTo", { name: this.#reply?.name }));
    setText(part(about, "about-text"), this.#editing ? firstLine(this.#editing.msg) : this.#reply?.msg ?? "");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes, Enter and the arrows belong to it.
    if (event.isComposing || event.keyCode === 229 || this.mentions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp" && !event.shiftKey && !event.altKey && this.field.value === "" && !this.#editing) {
      const last = this.#lastOwn();
      if (!last) return;
      event.preventDefault();
      this.edit(last);
    }
  }

  /** @returns {Message | undefined} */
  #lastOwn() {
    const { log, me } = this.store;
    return log?.messages.findLast((message) => message.fromId === me?.id && !message.recalled && message.type === "text");
  }

  #submit() {
    // Blank lines around it go, the indentation of its first line stays.
    const text = this.field.value.replace(/^\s*\n/u, "").trimEnd();
    if (!text || [...text].length > this.limit || this.field.disabled) return;
    if (this.#editing) {
      this.#save(this.#editing, text);
      return;
    }
    const reply = this.#reply;
    this.#reply = null;
    this.#fill("");
    this.#keep();
    this.conversation.send(text, reply);
    this.focus();
  }

  /** @param {Message} message @param {string} text */
  async #save(message, text) {
    try {
      if (text !== message.msg) await this.conversation.edit(message, text);
      if (this.#editing === message) this.#leaveEdit();
    } catch (error) {
      // What was changed stays in the field.
      showError(error);
    }
  }
}
