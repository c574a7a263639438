/**
 * Takes the place of the timeline while no channel is open.
 *
 * @import { Store } from "../net/state/store.js"
 */
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/**
 * Show that the channels are loading, or that there is no connection, with a button to try again.
 * @param {HTMLElement} list the timeline's rows
 * @param {Store} store
 * @param {() => void} reconnect
 */
export function showTimelinePlaceholder(list, { isChannelListLoaded, connection }, reconnect) {
  const has = (/** @type {string} */ selector) => list.querySelector(selector) !== null;
  if (isChannelListLoaded) list.replaceChildren();
  else if (!connection.reason) {
    if (!has(".timeline-loading")) list.replaceChildren(cloneTemplate("template-timeline-loading"));
  } else {
    if (!has(".timeline-error")) {
      const error = cloneTemplate("template-timeline-error");
      part(error, "retry").addEventListener("click", reconnect);
      list.replaceChildren(error);
    }
    setText(part(list, "reason"), t("timeline.failed", { reason: t("error.offline") }));
  }
}
