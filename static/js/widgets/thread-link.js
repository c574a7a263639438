/**
 * The lines of a message that lead to a thread: the number of its answers, and "In thread" at an answer that the
 * channel shows as well.
 *
 * @import { Thread } from "../net/wire-types.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 */
import { part, setText } from "../lib/dom.js";
import { formatShortTime } from "../lib/format.js";
import { t } from "../lib/i18n.js";

/** @param {HTMLElement} element of the message @param {MessageRow} row */
export function renderThreadLinks(element, { thread, isAnswer, message }) {
  part(element, "in-thread").hidden = !isAnswer || Boolean(message.recalled);
  const button = part(element, "thread-link");
  button.hidden = !thread || thread.count === 0;
  if (!thread || thread.count === 0) return;
  button.classList.toggle("unread", thread.unread > 0);
  setText(part(button, "count"), t("thread.answers", { n: thread.count }));
  setText(part(button, "last"), t("thread.last", { time: threadTime(thread) }));
  const unread = part(button, "new");
  unread.hidden = thread.unread === 0;
  setText(unread, t("thread.unread", { n: thread.unread }));
}

/** Return the time of the last answer in a short form. @param {Thread} thread */
export function threadTime({ lastAt }) {
  return formatShortTime(lastAt, Date.now());
}
