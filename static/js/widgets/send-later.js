/**
 * The menu beside the composer's button that sends the message later, and the dialog for the time.
 *
 * @import { ScheduledMessages } from "../net/scheduled-messages.js"
 * @import { ScheduledMessage } from "../net/wire-types.js"
 * @import { Composer } from "./composer.js"
 * @import { ThreadComposer } from "./thread-composer.js"
 * @import { MenuItem } from "./menu.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { formatDateTime, timeOfWallClock, wallClock } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { sendTimes } from "../state/send-times.js";
import { openDialog } from "./dialog.js";
import { attachMenu, openMenu } from "./menu.js";
import { showErrorToast, showToast } from "./toast.js";

const HOUR_MS = 3_600_000;

export class SendLater {
  /**
   * @param {{composer: Composer | ThreadComposer, prefix: string, scheduledMessages: ScheduledMessages,
   *   isGuest: () => boolean}} deps  `prefix`: of the ids of the composer's elements
   */
  constructor({ composer, prefix, scheduledMessages, isGuest }) {
    this.composer = composer;
    this.scheduledMessages = scheduledMessages;
    const button = byId(`${prefix}send-later`);
    attachMenu(button, () => this.#items());
    byId(`${prefix}composer-send`).addEventListener("contextmenu", (event) => {
      if (isGuest() || !composer.canSendLater) return;
      event.preventDefault();
      openMenu(button, this.#items());
    });
  }

  /** @returns {MenuItem[]} */
  #items() {
    const times = sendTimes(Date.now()).map(({ key, at }) => ({
      text: t(key, { time: formatDateTime(at) }),
      icon: "clock",
      testid: key,
      run: () => this.#schedule(at).catch(showErrorToast),
    }));
    const custom = () => askForTime({ at: Date.now() + HOUR_MS, title: t("schedule.title"), confirm: t("schedule.confirm") }, ({ at }) => this.#schedule(at));
    return [...times, { text: t("schedule.custom"), icon: "edit", testid: "later-custom", run: custom }];
  }

  /** @param {number} at */
  async #schedule(at) {
    const isDone = await this.composer.sendLater((message) => this.scheduledMessages.schedule(message, at));
    if (isDone) showToast(t("schedule.done", { time: formatDateTime(at) }));
  }
}

/**
 * Ask for the time of a message, and for its text if there is one.
 * @param {{at: number, text?: string, title: string, confirm: string}} values  `at` in ms
 * @param {(chosen: {at: number, text: string}) => Promise<void>} submit rejects with RequestError or DisconnectedError
 */
export function askForTime({ at, text, title, confirm }, submit) {
  const dialog = byId("dialog-schedule", HTMLDialogElement);
  const textField = part(dialog, "text", HTMLTextAreaElement);
  const timeField = part(dialog, "time", HTMLInputElement);
  textField.hidden = text === undefined;
  textField.value = text ?? "";
  timeField.min = wallClock(Date.now());
  timeField.value = wallClock(at);
  setText(part(dialog, "title"), title);
  setText(part(dialog, "confirm"), confirm);
  openDialog("dialog-schedule", async () => {
    const chosen = timeOfWallClock(timeField.value);
    if (Number.isNaN(chosen)) return t("schedule.noTime");
    await submit({ at: chosen, text: textField.value });
    return "";
  });
  (text === undefined ? timeField : textField).focus();
}

/** Change a scheduled message. @param {ScheduledMessage} message @param {ScheduledMessages} scheduledMessages */
export function editScheduled({ id, msg, at, refusal }, scheduledMessages) {
  const values = { at: refusal ? Date.now() + HOUR_MS : at, text: msg, title: t("schedule.editTitle"), confirm: t("composer.save") };
  askForTime(values, async (chosen) => {
    const isLater = refusal || chosen.at !== timeOfWallClock(wallClock(at));
    await scheduledMessages.edit(id, { msg: chosen.text.trim(), ...(isLater ? { at: chosen.at } : {}) });
  });
}
