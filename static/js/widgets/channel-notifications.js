/**
 * The actions by which the user mutes a channel, or chooses the messages to be notified of.
 *
 * @import { Channel, NotificationChoice } from "../net/wire-types.js"
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { MenuItem } from "./menu.js"
 */
import { byId, find } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { LEVELS, notificationsOf } from "../state/channel-notifications.js";
import { openMenu } from "./menu.js";
import { showErrorToast } from "./toast.js";

export class ChannelNotifications {
  /** @param {ChatApi} api */
  constructor(api) {
    this.api = api;
  }

  /** Return the actions of the details panel. @param {Channel} channel @returns {MenuItem[]} */
  items(channel) {
    const { level, muted } = notificationsOf(channel);
    const mute = () => this.#change(channel, { muted: !muted });
    const choose = () => openMenu(find(byId("details"), "[data-testid=channel-level]", HTMLElement), this.#levelItems(channel));
    return [
      { text: t(muted ? "notify.unmute" : "notify.mute"), icon: muted ? "bell" : "bell-off", testid: "channel-mute", run: mute },
      { text: t("notify.level", { level: t(`notify.${level}`) }), icon: "settings", testid: "channel-level", run: choose },
    ];
  }

  /** @param {Channel} channel @returns {MenuItem[]} */
  #levelItems(channel) {
    const { level } = notificationsOf(channel);
    return LEVELS.map((choice) => ({
      text: t(`notify.${choice}`),
      icon: "bell",
      isChecked: choice === level,
      testid: `level-${choice}`,
      run: () => this.#change(channel, { level: choice }),
    }));
  }

  /** @param {Channel} channel @param {Partial<NotificationChoice>} change */
  #change({ target }, change) {
    this.api.setNotifications(target, change).catch(showErrorToast);
  }
}
