/**
 * The dialog in which a user chooses the messages that this browser notifies of, also while no page is open.
 *
 * @import { NotificationLevel, NotificationSettings } from "../state/notification-settings.js"
 * @import { WebPush } from "../page/web-push.js"
 */
import { byId, find, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { DisconnectedError, RequestError } from "../net/protocol.js";
import { openDialog } from "./dialog.js";
import { canNotify } from "./notifications.js";
import { errorText, showErrorToast, showToast } from "./toast.js";

/** @type {("direct" | "mentions" | "threads")[]} */
const KINDS = ["direct", "mentions", "threads"];

/** @param {{settings: NotificationSettings, webPush: WebPush, isGuest: boolean}} deps */
export function openNotificationDialog({ settings, webPush, isGuest }) {
  const form = find(byId("dialog-notifications"), "form", HTMLFormElement);
  const field = (/** @type {string} */ name) => find(form, `[name=${name}]`, HTMLInputElement);
  const level = /** @type {RadioNodeList} */ (form.elements.namedItem("level"));
  const { current } = settings;
  const render = () => {
    part(form, "kinds").hidden = level.value !== "direct";
    renderPush(form, webPush, { isGuest, isUseful: level.value !== "none" });
  };
  openDialog("dialog-notifications", async () => {
    const chosen = /** @type {NotificationLevel} */ (level.value);
    if (chosen !== "none" && !("Notification" in window)) return t(`notifications.push.${webPush.status(isGuest)}`);
    // The browser asks the user once, and remembers the answer.
    const isAllowed = chosen === "none" || (await Notification.requestPermission()) === "granted";
    if (!isAllowed) return t("notifications.blocked");
    const [direct, mentions, threads] = KINDS.map((kind) => field(kind).checked);
    settings.set({ level: chosen, direct, mentions, threads, sound: field("sound").checked, showsText: field("showsText").checked });
    return savePush(settings, webPush, chosen !== "none" && field("push").checked && !field("push").disabled);
  });
  // A browser may have forgotten that it was allowed.
  level.value = isGranted() ? current.level : "none";
  for (const name of [...KINDS, /** @type {const} */ ("sound"), /** @type {const} */ ("showsText")]) field(name).checked = current[name];
  // A phone shows none of a page.
  const isSuggested = webPush.isOffered && !canNotify && webPush.status(isGuest) === "off";
  field("push").checked = webPush.isOn || isSuggested;
  form.onchange = render;
  part(form, "push-test").onclick = () => sendTest(webPush);
  render();
  find(form, "[name=level]:checked", HTMLInputElement).focus();
}

function isGranted() {
  return "Notification" in window && Notification.permission === "granted";
}

/** @param {HTMLFormElement} form @param {WebPush} webPush @param {{isGuest: boolean, isUseful: boolean}} about */
function renderPush(form, webPush, { isGuest, isUseful }) {
  const status = webPush.status(isGuest);
  const box = find(form, "[name=push]", HTMLInputElement);
  part(form, "push").hidden = !webPush.isOffered;
  box.disabled = !isUseful || (status !== "on" && status !== "off");
  setText(part(form, "push-hint"), t(`notifications.push.${status}`));
  part(form, "push-test").hidden = status !== "on" || !box.checked;
}

/** Turn notifications without a page on or off; resolve with what is wrong. @param {NotificationSettings} settings @param {WebPush} webPush @param {boolean} isWanted */
async function savePush(settings, webPush, isWanted) {
  try {
    const { sound, showsText } = settings.current;
    if (isWanted) await webPush.turnOn({ ...settings.kinds, showsText }, sound);
    else if (webPush.isOn) await webPush.turnOff();
  } catch (error) {
    // The browser's own errors are not for users.
    const isExplained = error instanceof RequestError || error instanceof DisconnectedError;
    return isExplained ? errorText(error) : t("notifications.push.failed");
  }
  return undefined;
}

/** @param {WebPush} webPush */
async function sendTest(webPush) {
  try {
    await webPush.test();
    showToast(t("notifications.testSent"));
  } catch (error) {
    showErrorToast(error);
  }
}
