/**
 * The entry of the sidebar for scheduled messages, shown when there are some, and the dialog that lists them.
 *
 * @import { ScheduledMessages } from "../net/scheduled-messages.js"
 * @import { ScheduledMessage } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 */
import { byId, cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { errorReplyText } from "../lib/error-messages.js";
import { formatDateTime, formatFullTime } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { summaryLine } from "../lib/markup.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { attachmentSummary } from "./message-attachments.js";
import { openDialog } from "./dialog.js";
import { editScheduled } from "./send-later.js";
import { errorText } from "./toast.js";

export class ScheduledList {
  #button = byId("scheduled-button");
  #dialog = byId("dialog-scheduled", HTMLDialogElement);

  /** @param {{store: Store, scheduledMessages: ScheduledMessages}} deps */
  constructor({ store, scheduledMessages }) {
    this.store = store;
    this.scheduledMessages = scheduledMessages;
    this.#button.addEventListener("click", () => {
      openDialog("dialog-scheduled");
      this.#render();
    });
    scheduledMessages.on("change", () => this.#render());
    store.on("channels", () => this.#dialog.open && this.#render());
    language.on("change", () => this.#render());
  }

  #render() {
    const { all } = this.scheduledMessages;
    const failed = all.filter(({ refusal }) => refusal).length;
    this.#button.hidden = all.length === 0;
    this.#button.classList.toggle("has-failed", failed > 0);
    setText(part(this.#button, "text"), failed ? t("schedule.failedCount", { n: failed }) : t("schedule.count", { n: all.length }));
    if (!this.#dialog.open) return;
    reconcile(part(this.#dialog, "list"), all, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-scheduled"),
      update: (item, message) => this.#renderItem(item, message),
    });
    showListPlaceholder(part(this.#dialog, "placeholder"), all.length ? null : { empty: t("schedule.none") });
  }

  /** @param {HTMLElement} item @param {ScheduledMessage} message */
  #renderItem(item, message) {
    const { id, target, threadId, msg, at, attachments, refusal } = message;
    setText(part(item, "channel"), this.store.channels.get(target)?.name ?? "");
    part(item, "thread").hidden = !threadId;
    const time = part(item, "time", HTMLTimeElement);
    setText(time, formatDateTime(at));
    time.title = formatFullTime(at);
    const files = attachments.length ? attachmentSummary(attachments) : "";
    setText(part(item, "text"), [files, summaryLine(msg)].filter(Boolean).join(" · "));
    const error = part(item, "error");
    const showError = (/** @type {string} */ text) => {
      error.hidden = !text;
      setText(error, text);
    };
    showError(refusal ? t("message.failed", { reason: errorReplyText(refusal) || String(refusal.data.error ?? "") }) : "");
    const act = (/** @type {Promise<void>} */ action) => action.catch((failure) => showError(errorText(failure)));
    part(item, "send").onclick = () => act(this.scheduledMessages.send(id));
    part(item, "edit").onclick = () => editScheduled(message, this.scheduledMessages);
    part(item, "delete").onclick = () => act(this.scheduledMessages.cancel(id));
  }
}
