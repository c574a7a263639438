/** The three menus of the sidebar: which app, what to begin, and oneself. */
/**
 * @import { Store } from "../state/store.js"
 * @import { Item } from "./menu.js"
 * @import { PeopleDialogs } from "./people-dialogs.js"
 */
import { byId, part, setText, soon } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { showAvatar } from "./avatar.js";
import { ask } from "./dialog.js";
import { attachMenu } from "./menu.js";
import { isDark, nextTheme } from "./theme.js";

/**
 * @param {{store: Store, dialogs: PeopleDialogs, staff: boolean, registration: boolean, forget: () => void,
 *   switchApp: (appId: number) => void, showShortcuts: () => void}} parts
 */
export function attachMenus({ store, dialogs, staff, registration, forget, switchApp, showShortcuts }) {
  const isGuest = () => store.me?.kind === "guest";
  const here = () => encodeURIComponent(location.pathname + location.search);

  attachMenu(byId("app-switch"), () =>
    store.apps.map(({ appId, name }) => ({
      text: name, icon: "hash", checked: appId === store.app.appId, testid: "app-option", run: () => switchApp(appId),
    })),
  );

  attachMenu(byId("new-menu"), () => {
    if (isGuest()) return accountItems(registration, here());
    return [
      { text: t("new.chat"), icon: "chat", testid: "new-chat", run: () => dialogs.newChat() },
      { text: t("new.group"), icon: "people", testid: "create-group", run: () => dialogs.newGroup() },
      { text: t("new.browse"), icon: "compass", testid: "browse-groups", run: () => dialogs.browse() },
    ];
  });

  attachMenu(byId("me-menu"), () => {
    /** @type {Item[]} */
    const items = [
      { text: t(isDark() ? "menu.toLight" : "menu.toDark"), icon: "moon", testid: "theme", run: nextTheme },
      { text: t("menu.otherLanguage"), icon: "globe", testid: "language", run: () => language.choose(language.code === "zh" ? "en" : "zh") },
      { text: t("menu.shortcuts"), icon: "keyboard", run: showShortcuts },
    ];
    if (staff) items.push({ text: t("menu.admin"), icon: "shield", run: () => location.assign("/admin/") });
    if (isGuest()) {
      items.push(...accountItems(registration, here()));
      items.push({ text: t("menu.leaveGuest"), icon: "out", danger: true, testid: "sign-out", run: () => askToLeave(store, forget) });
    } else {
      items.push({ text: t("menu.profile"), icon: "person", testid: "profile", run: () => location.assign("/accounts/profile/") });
      items.push({ text: t("menu.waysIn"), icon: "gear", testid: "ways-in", run: () => location.assign("/accounts/sign-in-methods/") });
      items.push({ text: t("menu.signOut"), icon: "out", testid: "sign-out", run: () => byId("sign-out").submit() });
    }
    return items;
  });

  const render = soon(() => {
    const { me, app } = store;
    if (!me) return;
    setText(part(byId("app-switch"), "name"), app.name);
    byId("app-switch").title = t("sidebar.switch");
    const button = byId("me-menu");
    showAvatar(part(button, "avatar"), me);
    setText(part(button, "name"), me.name);
    setText(part(button, "kind"), t(`kind.${me.kind}`));
  });
  store.addEventListener("me", render);
  language.addEventListener("change", render);
}

/** @param {boolean} registration @param {string} next @returns {Item[]} */
function accountItems(registration, next) {
  /** @type {Item[]} */
  const items = [{ text: t("menu.signIn"), icon: "person", run: () => location.assign(`/accounts/login/?next=${next}`) }];
  if (registration) items.push({ text: t("menu.register"), icon: "plus", run: () => location.assign(`/accounts/register/?next=${next}`) });
  return items;
}

/** @param {Store} store @param {() => void} forget */
function askToLeave(store, forget) {
  const name = store.me?.name ?? "";
  const words = { title: t("leaveGuest.title"), text: t("leaveGuest.text", { name }), confirm: t("leaveGuest.confirm") };
  ask(words, async () => {
    forget();
    byId("sign-out").submit();
  });
}
