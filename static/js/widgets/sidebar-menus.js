/**
 * The menus of the sidebar: switch to another app, start a chat or group, and the user's account.
 *
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Store } from "../net/state/store.js"
 * @import { GroupDialogs } from "./group-dialogs.js"
 * @import { MenuItem } from "./menu.js"
 * @import { SectionMenus } from "./section-menus.js"
 * @import { UserDialogs } from "./user-dialogs.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { formatDateTime } from "../lib/format.js";
import { signInAddress } from "../lib/sign-in-address.js";
import { throttleRender } from "../lib/throttle.js";
import { doNotDisturb } from "../state/do-not-disturb.js";
import { presenceMode } from "../state/presence-mode.js";
import { showAvatar } from "./avatar.js";
import { confirmAction } from "./dialog.js";
import { attachMenu } from "./menu.js";
import { isDark, toggleTheme } from "./appearance.js";
import { showErrorToast } from "./toast.js";

const DND_SECONDS = 3600;

export class SidebarMenus {
  #appButton = byId("app-switcher");
  #accountButton = byId("account-menu");

  /**
   * @param {{store: Store, userDialogs: UserDialogs, groupDialogs: GroupDialogs, sectionMenus: SectionMenus, api: ChatApi, isStaff: () => boolean,
   *   isRegistrationOpen: boolean, switchApp: (appId: number) => void, showShortcuts: () => void,
   *   showNotifications: () => void, showPreferences: () => void, offersNotifications: boolean, signOut: () => Promise<void>,
   *   clearStoredData: () => void}} deps
   *   `clearStoredData`: deletes what the browser stores for a guest who signs out
   */
  constructor(deps) {
    this.deps = deps;
    attachMenu(this.#appButton, () => this.#appItems());
    attachMenu(byId("new-menu"), () => this.#newItems());
    attachMenu(this.#accountButton, () => this.#accountItems());
    const render = throttleRender(() => this.#render());
    deps.store.on("me", render);
    language.on("change", render);
    presenceMode.on("change", render);
  }

  get #isGuest() {
    return this.deps.store.me?.kind === "guest";
  }

  /** @returns {MenuItem[]} */
  #appItems() {
    const { store, switchApp } = this.deps;
    return store.apps.map(({ appId, name }) => {
      const isChecked = appId === store.app.appId;
      return { text: name, icon: "hash", isChecked, testid: "app-option", run: () => switchApp(appId) };
    });
  }

  /** @returns {MenuItem[]} */
  #newItems() {
    const { userDialogs, groupDialogs, sectionMenus } = this.deps;
    if (this.#isGuest) return this.#signInItems();
    return [
      { text: t("new.privateMessage"), icon: "chat", testid: "new-chat", run: () => userDialogs.findUsers() },
      { text: t("new.group"), icon: "users", testid: "create-group", run: () => groupDialogs.create() },
      { text: t("new.browseGroups"), icon: "compass", testid: "browse-groups", run: () => groupDialogs.browse() },
      { text: t("section.new"), icon: "folder", testid: "new-section", run: () => sectionMenus.create() },
    ];
  }

  /** @returns {MenuItem[]} */
  #accountItems() {
    const { isStaff, showShortcuts, showNotifications, showPreferences, offersNotifications } = this.deps;
    /** @type {MenuItem[]} */
    const items = [
      { text: t(isDark() ? "menu.lightTheme" : "menu.darkTheme"), icon: "moon", testid: "theme", run: toggleTheme },
      { text: t("menu.otherLanguage"), icon: "globe", testid: "language", run: () => language.toggle() },
      { text: t("menu.shortcuts"), icon: "keyboard", run: showShortcuts },
    ];
    if (offersNotifications) items.unshift({ text: t("menu.notifications"), icon: "bell", testid: "notifications", run: showNotifications });
    items.push({ text: t("menu.preferences"), icon: "settings", testid: "preferences", run: showPreferences });
    if (isStaff()) items.push({ text: t("menu.admin"), icon: "shield", run: () => location.assign("/admin/") });
    const signOut = { text: t("menu.signOut"), icon: "leave", testid: "sign-out" };
    if (this.#isGuest) {
      items.push(...this.#signInItems());
      items.push({ ...signOut, isDestructive: true, run: () => this.#confirmGuestSignOut() });
    } else {
      items.unshift(this.#awayItem(), this.#doNotDisturbItem());
      items.push({ text: t("menu.profile"), icon: "user", testid: "profile", run: () => location.assign("/accounts/profile/") });
      items.push({ text: t("menu.signInMethods"), icon: "settings", testid: "ways-in", run: () => location.assign("/accounts/sign-in-methods/") });
      items.push({ ...signOut, run: this.deps.signOut });
    }
    return items;
  }

  /** @returns {MenuItem} */
  #doNotDisturbItem() {
    const { until } = doNotDisturb;
    const text = until ? t("menu.dndOff", { until: formatDateTime(until) }) : t("menu.dndOn");
    const run = () => this.deps.api.setDoNotDisturb(until ? 0 : DND_SECONDS).catch(showErrorToast);
    return { text, icon: "bell-off", testid: "do-not-disturb", run };
  }

  /** @returns {MenuItem} */
  #awayItem() {
    const { isAway } = presenceMode;
    const run = () => this.deps.api.setAway(!isAway).catch(showErrorToast);
    return { text: t(isAway ? "menu.awayOff" : "menu.awayOn"), icon: "clock", testid: "away", run };
  }

  /** @returns {MenuItem[]} */
  #signInItems() {
    /** @type {MenuItem[]} */
    const items = [{ text: t("menu.signIn"), icon: "user", run: () => location.assign(signInAddress("login")) }];
    if (this.deps.isRegistrationOpen) {
      items.push({ text: t("menu.register"), icon: "plus", run: () => location.assign(signInAddress("register")) });
    }
    return items;
  }

  /** A guest cannot sign in again. */
  #confirmGuestSignOut() {
    const { store, clearStoredData } = this.deps;
    const name = store.me?.name ?? "";
    const title = t("signOutGuest.title", { name });
    confirmAction({ title, text: t("signOutGuest.text"), confirm: t("signOutGuest.confirm") }, async () => {
      clearStoredData();
      await this.deps.signOut();
    });
  }

  #render() {
    const { me, app } = this.deps.store;
    if (!me) return;
    setText(part(this.#appButton, "name"), app.name);
    this.#appButton.title = t("sidebar.switchApp");
    showAvatar(part(this.#accountButton, "avatar"), me);
    setText(part(this.#accountButton, "name"), me.name);
    setText(part(this.#accountButton, "kind"), t(presenceMode.isAway ? "presence.away" : `userKind.${me.kind}`));
  }
}
