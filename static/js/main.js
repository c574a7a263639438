/** The page's entry point: creates the parts of the chat and connects them. */

/** @import { ForwardOrigin, Message } from "./net/wire-types.js" */
import { connectActivity } from "./activity.js";
import { Attachments } from "./attachments.js";
import { boot } from "./boot.js";
import { isolate } from "./lib/bidi.js";
import { byId } from "./lib/dom.js";
import { setTimeZone } from "./lib/format.js";
import { language, t, translateElements } from "./lib/i18n.js";
import { BrowserUser } from "./page/browser-user.js";
import { createClient } from "./net/client.js";
import { CustomEmojiSync } from "./page/custom-emoji-sync.js";
import { GroupApi } from "./net/group-api.js";
import { csrfToken, setCsrfToken, signInAsGuest } from "./page/guest-sign-in.js";
import { MessageSearch } from "./net/message-search.js";
import { JoinAddress } from "./page/join-address.js";
import { moveStoredSort } from "./page/sort-move.js";
import { SavedList } from "./page/saved-list.js";
import { SavedMessages } from "./page/saved-messages.js";
import { ScheduledMessages } from "./net/scheduled-messages.js";
import { SlashCommands } from "./page/slash-commands.js";
import { ThreadConversation } from "./net/thread-conversation.js";
import { ThreadList } from "./net/thread-list.js";
import { UnreadPreviews } from "./net/unread-previews.js";
import { connectMessageActions } from "./message-actions.js";
import { Navigation } from "./navigation.js";
import { WebPush } from "./page/web-push.js";
import { Offline } from "./offline/offline.js";
import { offerNewVersions } from "./offline/worker-registration.js";
import { connectWindow } from "./page/window-events.js";
import { SignOut } from "./page/sign-out.js";
import { xhrRequests } from "./page/xhr-request.js";
import { connectPush } from "./push-notifications.js";
import { doNotDisturb } from "./state/do-not-disturb.js";
import { CollapsedSections } from "./state/collapsed-sections.js";
import { Drafts } from "./state/drafts.js";
import { EmojiPreferences } from "./state/emoji-preferences.js";
import { NotificationSettings } from "./state/notification-settings.js";
import { Pins } from "./state/pins.js";
import { Announcer } from "./widgets/announcer.js";
import { ChannelDetails } from "./widgets/channel-details.js";
import { ChannelHeader } from "./widgets/channel-header.js";
import { ChannelList } from "./widgets/channel-list.js";
import { ChannelNotifications } from "./widgets/channel-notifications.js";
import { Composer } from "./widgets/composer.js";
import { ConnectionBar } from "./widgets/connection-bar.js";
import { ContactList } from "./widgets/contact-list.js";
import { closeDialogs } from "./widgets/dialog.js";
import { attachEmojiButton } from "./widgets/emoji-button.js";
import { DraftsPanel } from "./widgets/drafts-panel.js";
import { EmojiSuggestions } from "./widgets/emoji-suggestions.js";
import { ForwardDialog } from "./widgets/forward-dialog.js";
import { FormatToolbar } from "./widgets/format-toolbar.js";
import { GroupDialogs } from "./widgets/group-dialogs.js";
import { GroupSettings } from "./widgets/group-settings.js";
import { JoinDialog } from "./widgets/join-dialog.js";
import { Layout } from "./widgets/layout.js";
import { MentionSuggestions } from "./widgets/mention-suggestions.js";
import { MessageMenu } from "./widgets/message-menu.js";
import { openNotificationDialog } from "./widgets/notification-dialog.js";
import { canNotify, Notifications } from "./widgets/notifications.js";
import { reopenPage } from "./widgets/page-reopening.js";
import { connectMailDigest } from "./widgets/mail-digest-setting.js";
import { PinBar } from "./widgets/pin-bar.js";
import { closePopup } from "./widgets/popup.js";
import { PreferencesDialog } from "./widgets/preferences-dialog.js";
import { pushIcon, pushTexts } from "./widgets/push-texts.js";
import { QuickSwitcher } from "./widgets/quick-switcher.js";
import { SavedPanel } from "./widgets/saved-panel.js";
import { ScheduledList } from "./widgets/scheduled-list.js";
import { SearchPanel } from "./widgets/search-panel.js";
import { SectionMenus } from "./widgets/section-menus.js";
import { SendLater } from "./widgets/send-later.js";
import { Shortcuts, showShortcuts } from "./widgets/shortcuts.js";
import { SidebarMenus } from "./widgets/sidebar-menus.js";
import { Sidebar } from "./widgets/sidebar.js";
import { SlashNotes } from "./widgets/slash-notes.js";
import { SlashSuggestions } from "./widgets/slash-suggestions.js";
import { SuggestionList } from "./widgets/suggestion-list.js";
import { ThreadComposer } from "./widgets/thread-composer.js";
import { ThreadListPanel } from "./widgets/thread-list-panel.js";
import { ThreadPanel } from "./widgets/thread-panel.js";
import { Timeline } from "./widgets/timeline.js";
import { hideToast, showErrorToast, showToast } from "./widgets/toast.js";
import { UnreadBadge } from "./widgets/unread-badge.js";
import { UnreadPanel } from "./widgets/unread-panel.js";
import { UserDialogs } from "./widgets/user-dialogs.js";
import { UserMenu } from "./widgets/user-menu.js";
import { Welcome } from "./widgets/welcome.js";

document.documentElement.lang = language.tag;
setTimeZone(boot.timeZone);
translateElements(document);
const joinAddress = new JoinAddress({ storage: sessionStorage, location, history });

const signOutForm = byId("sign-out", HTMLFormElement);
const pageToken = () => csrfToken(signOutForm);
const client = createClient({
  url: location.origin,
  userId: boot.userId,
  activity: true,
  storage: localStorage,
  tabStorage: sessionStorage,
  sendRequest: xhrRequests(pageToken),
  isVisible: () => document.visibilityState === "visible",
});
const { socket, store, threads, outbox, memberLoader, pushHandlers, session, contactsSync, conversation, api } = client;
const browserUser = new BrowserUser({
  socket,
  storage: localStorage,
  tabStorage: sessionStorage,
  isSignedIn: boot.signedIn || boot.isShell,
  // Without the address of the open channel, and unlike a reload without what the fields contain.
  leave: () => {
    // The browser must not ask the next user about the uploads of this one.
    attachments.stop();
    offline.stop();
    reopenPage(() => location.replace(location.pathname + location.search));
  },
});
const drafts = new Drafts(localStorage);
const emojiPreferences = new EmojiPreferences(localStorage);
const notificationSettings = new NotificationSettings(localStorage);
const collapsedSections = new CollapsedSections(localStorage);
const webPush = new WebPush({ key: boot.pushKey, csrfToken: pageToken, texts: pushTexts, icon: pushIcon });
const attachments = new Attachments(client);
const { uploads, sends, drafts: attachmentDrafts } = attachments;
new CustomEmojiSync({ socket, session });
const slashCommands = new SlashCommands({ socket, session });
new SlashNotes({ store, commands: slashCommands });
doNotDisturb.follow(socket);
moveStoredSort({ session, store, api, collapsed: collapsedSections });
const scheduledMessages = new ScheduledMessages({ socket, store, session });
const savedMessages = new SavedMessages({ socket, store, session });
const pins = new Pins({ socket, store, session });
const threadConversation = new ThreadConversation({ socket, store, outbox, session, threads });
const messageSearch = new MessageSearch({ socket, store, session });

const layout = new Layout({
  onPanelShown: (panel) => panels[panel].onShown(),
  navigate: (place, isPanelClosed) => navigation.onNavigate(place, isPanelClosed),
});
layout.userId = boot.userId ?? "";
const openChannel = /** @type {Navigation["open"]} */ ((...place) => navigation.open(...place));
const openOrigin = (/** @type {ForwardOrigin} */ { target = "", seq }) => navigation.openPlace({ target, seq });
const userDialogs = new UserDialogs({ store, api, open: openChannel });
const groupApi = new GroupApi(socket, store);
const groupDialogs = new GroupDialogs({ store, api, groupApi, open: openChannel });
const groupSettings = new GroupSettings({ api: groupApi, inviteLimits: boot.invites, upload: (file) => client.upload(file) });
const userMenu = new UserMenu({ store, api, userDialogs });
const markRead = conversation.markRead.bind(conversation);
const sectionMenus = new SectionMenus({ store, api, markRead, nameLimit: boot.sectionNameLimit });
const channelDetails = new ChannelDetails({ store, sectionMenus, session, memberLoader, groupDialogs, groupApi, groupSettings, userMenu, notifications: new ChannelNotifications(api) });
const reconnect = () => socket.reconnect();
const channelList = new ChannelList({ store, drafts, collapsed: collapsedSections, menus: sectionMenus, open: openChannel, retry: reconnect });
const { filter } = channelList;
const retryContacts = () => (socket.isReady ? contactsSync.load() : reconnect());
const contactList = new ContactList({ store, userMenu, userDialogs, filter, retry: retryContacts });
const sidebar = new Sidebar({ store, channelList, contactList });
const openThread = (/** @type {Message} */ message) => threadConversation.open(message);
const forwardDialog = new ForwardDialog({ socket, store, api, open: openChannel });
const forward = forwardDialog.show.bind(forwardDialog);
const clickActions = { conversation, uploads, sends, react, removePreview, openThread, forward, openOrigin };
const timeline = new Timeline({ store, threads, outbox, reconnect, actions: clickActions });
const createSuggestions = (/** @type {string} */ prefix) => {
  const mentions = new MentionSuggestions({ store, memberLoader, mentionAll: boot.mentionAll });
  const slash = new SlashSuggestions({ store, commands: slashCommands });
  return new SuggestionList({ store, sources: [slash, mentions, new EmojiSuggestions(emojiPreferences, prefix)], prefix });
};
const suggestions = createSuggestions("");
const maxLength = boot.messageLimit;
const unblock = userMenu.unblock.bind(userMenu);
const composer = new Composer({ store, conversation, drafts, attachmentDrafts, maxLength, suggestions, slashCommands, unblock });
const threadForm = byId("thread-form", HTMLFormElement);
const threadComposer = new ThreadComposer({
  form: threadForm,
  conversation: threadConversation,
  drafts,
  attachmentDrafts,
  store,
  suggestions: createSuggestions("thread-"),
  slashCommands,
  maxLength,
});
const threadPanel = new ThreadPanel({
  store,
  threads,
  conversation: threadConversation,
  outbox,
  composer: threadComposer,
  layout,
  actions: clickActions,
});
connectActivity({ socket, store, composer, threadComposer, threadConversation });
const isGuest = () => store.me?.kind === "guest";
const joinDialog = new JoinDialog({ api: groupApi, address: joinAddress, isGuest, open: openChannel });
const later = { scheduledMessages, isGuest };
new SendLater({ ...later, composer, prefix: "" });
new SendLater({ ...later, composer: threadComposer, prefix: "thread-" });
new ScheduledList({ store, scheduledMessages });
const chooseFiles = attachments.connect({ store, composer, threadComposer, limits: boot.attachments });
const threadList = new ThreadList({ socket, store, session, threads });
const threadListPanel = new ThreadListPanel({ list: threadList, threads, store, layout, conversation: threadConversation, openChannel });
const savedPanel = new SavedPanel({ list: new SavedList({ socket, store, session }), savedMessages, store, layout, open: openChannel });
const searchPanel = new SearchPanel({ search: messageSearch, store, memberLoader, layout, open: openChannel, channelFilter: filter });
const previews = new UnreadPreviews({ socket, store });
const unreadPanel = new UnreadPanel({ store, previews, layout, open: openChannel, markRead });
const draftsPanel = new DraftsPanel({ drafts, store, layout, conversation: threadConversation, open: openChannel });
const panels = {
  details: channelDetails,
  search: searchPanel,
  thread: threadPanel,
  threads: threadListPanel,
  saved: savedPanel,
  unread: unreadPanel,
  drafts: draftsPanel,
};
const offersNotifications = canNotify || webPush.isOffered;
const showNotifications = () => openNotificationDialog({ settings: notificationSettings, webPush, isGuest: isGuest() });
const timeZone = () => boot.timeZone;
const preferences = new PreferencesDialog({ store, api, timeZone, isGuest, offersNotifications, showNotifications, showShortcuts });
connectMailDigest(boot.mailDigest, api);
const openSettings = preferences.openFor.bind(preferences);
const focusComposer = () => composer.focus();
const navigation = new Navigation({ store, layout, timeline, conversation, threadConversation, focusComposer, openSettings });
const searchMessages = searchPanel.showEverywhere.bind(searchPanel);
const switcher = new QuickSwitcher({ store, api, userDialogs, open: openChannel, searchMessages });
const welcome = new Welcome({ signIn: onGuestSignIn });
const messageMenu = new MessageMenu({ store, pins, userDialogs, userMenu, api, forward, setSaved: savedPanel.setSaved.bind(savedPanel) });
new PinBar({ pins, conversation });
new ChannelHeader(store, api);
const announcer = new Announcer(store, outbox, (threadId) => threadPanel.shows(threadId));
const setToken = (/** @type {string} */ token) => {
  setCsrfToken(signOutForm, token);
  uploads.wake();
  loadPush();
};
const offline = new Offline({ boot, socket, store, session, browserUser, navigation, layout, setToken, wipeFiles: () => attachments.wipe() });
const userId = () => store.me?.id ?? boot.userId;
const signOut = new SignOut({ form: signOutForm, storage: localStorage, userId, socket, webPush, offline });
offerNewVersions(boot.version);
new ConnectionBar({ store, socket, announcer, keptAt: () => offline.keptAt });
new UnreadBadge(store);
const notifications = new Notifications({ store, threads, settings: notificationSettings, webPush, open: openChannel });
connectPush({ webPush, store, threads, navigation });
connectMessageActions({ store, conversation, composer, timeline, threadPanel, layout, messageMenu, emojiPreferences, react, openThread });
new SidebarMenus({
  store,
  userDialogs,
  groupDialogs,
  sectionMenus,
  api,
  isStaff: () => boot.staff,
  isRegistrationOpen: boot.registration,
  switchApp,
  showShortcuts,
  showNotifications,
  showPreferences: () => preferences.show(),
  offersNotifications,
  signOut: () => signOut.run(),
  clearStoredData: () => {
    drafts.clear();
    outbox.clear();
    emojiPreferences.clear();
    notificationSettings.clear();
    collapsedSections.clear();
    attachments.clear();
  },
});
for (const prefix of ["", "thread-"]) {
  new FormatToolbar(prefix);
  attachEmojiButton(emojiPreferences, prefix);
}
new Shortcuts({ sidebar, composer, timeline, layout, userDialogs, search: searchPanel, switcher, chooseFiles, isGuest });

connectWindow({ socket, store, browserUser, drafts, stored: [signOut, browserUser, outbox, drafts, collapsedSections] });
store.on("me", () => {
  if (!store.me) return;
  layout.userId = store.me.id;
  for (const stored of [drafts, emojiPreferences, notificationSettings, collapsedSections, attachments]) stored.load(store.me.id);
  loadPush();
});
session.on("loaded", onSessionLoaded);
// A link that was opened without a connection.
session.on("resumed", () => isGuest() || joinDialog.showPending());
session.on("signed-out", ({ isExpired }) => {
  layout.close();
  closeDialogs();
  closePopup();
  hideToast();
  announcer.clear();
  notifications.clear();
  webPush.forget();
  welcome.show(t(isExpired ? "welcome.signedOut" : "welcome.refused"));
});
pushHandlers.on("notice", ({ name, from, msg }) => showToast(`${isolate(name || from)}: ${isolate(msg)}`));
pushHandlers.on("join-requested", ({ target, who }) => {
  const channel = store.channels.get(target);
  const action = channel ? { text: t("requests.review"), run: () => groupSettings.show(channel, "invites") } : null;
  showToast(t("requests.asks", { name: who.name, group: channel?.name ?? "" }), { action });
});
pushHandlers.on("join-decided", ({ target, name, who, by, approved }) => {
  // The user has withdrawn the request.
  if (by.id === who.id) return;
  const action = approved ? { text: t("browse.open"), run: () => openChannel(target) } : null;
  showToast(t(approved ? "join.approved" : "join.declined", { group: name || t("join.unnamed") }), { action });
});
contactsSync.on("requested", (user) => showToast(t("friend.received", user)));
contactsSync.on("accepted", (user) => showToast(t("friend.accepted", user)));

if (!boot.isShell && signOut.isPending()) signOut.run();
else if (boot.signedIn) {
  session.start(boot.appId);
  layout.open();
  channelList.render();
} else if (boot.isShell) offline.open();
else {
  welcome.show(joinAddress.token ? t("join.signIn") : "");
  webPush.forget();
  browserUser.check();
}

function loadPush() {
  if (store.me) webPush.load(store.me.id, notificationSettings.current.sound).catch(() => {});
}

/** Add or remove the user's reaction. @param {Message} message @param {string} emoji @param {boolean} isAdded */
function react(message, emoji, isAdded) {
  return api.react(message, emoji, isAdded).catch(showErrorToast);
}

/** @param {Message} message @param {string} previewId */
function removePreview(message, previewId) {
  return api.removePreview(message, previewId).catch(showErrorToast);
}

/** @param {string} name */
async function onGuestSignIn(name) {
  try {
    const error = await signInAsGuest(signOutForm, { appId: boot.appId, name });
    if (error === null) session.start(boot.appId);
    else welcome.showError(error || t("welcome.refused"));
  } catch {
    welcome.showError(t("error.offline"));
  }
}

function onSessionLoaded() {
  welcome.hide();
  navigation.onSessionLoaded();
  joinDialog.showPending();
  if (browserUser.takeChanged()) showToast(t("toast.userChanged", store.me ?? {}));
}

/** @param {number} appId */
function switchApp(appId) {
  if (appId === store.app.appId) return;
  boot.appId = appId;
  history.replaceState({}, "", `${location.pathname}?appId=${appId}`);
  session.start(appId);
}
