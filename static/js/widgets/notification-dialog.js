/**
 * The dialog in which a user chooses the messages that this browser notifies of.
 *
 * @import { NotificationLevel, NotificationSettings } from "../state/notification-settings.js"
 */
import { byId, find } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { openDialog } from "./dialog.js";

/** @param {NotificationSettings} settings */
export function openNotificationDialog(settings) {
  const form = find(byId("dialog-notifications"), "form", HTMLFormElement);
  const level = () => /** @type {RadioNodeList} */ (form.elements.namedItem("level"));
  const sound = find(form, "[name=sound]", HTMLInputElement);
  const showsText = find(form, "[name=showsText]", HTMLInputElement);
  openDialog("dialog-notifications", async () => {
    const chosen = /** @type {NotificationLevel} */ (level().value);
    // The browser asks the user once, and remembers the answer.
    const isAllowed = chosen === "none" || (await Notification.requestPermission()) === "granted";
    if (!isAllowed) return t("notifications.blocked");
    settings.set({ level: chosen, sound: sound.checked, showsText: showsText.checked });
    return undefined;
  });
  const { current } = settings;
  // A browser may have forgotten that it was allowed.
  level().value = Notification.permission === "granted" ? current.level : "none";
  sound.checked = current.sound;
  showsText.checked = current.showsText;
  find(form, "[name=level]:checked", HTMLInputElement).focus();
}
