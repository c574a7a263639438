/** Puts the page together: reads what the server said, makes the parts, and lets them know of each other. */
import { copyText } from "./lib/clipboard.js";
import { CircleSession } from "./net/contacts-sync.js";
import { Conversation } from "./net/conversation.js";
import { Directory } from "./net/directory.js";
import { byId } from "./lib/dom.js";
import { Drafts } from "./state/drafts.js";
import { useTimeZone } from "./lib/format.js";
import { comeInAsGuest } from "./net/guest-sign-in.js";
import { apply, language, t } from "./lib/i18n.js";
import { MessageSearch } from "./net/message-search.js";
import { Outbox } from "./net/outbox.js";
import { Pins } from "./state/pins.js";
import { Session } from "./net/session.js";
import { Socket } from "./net/socket.js";
import { Store } from "./state/store.js";
import { Announcer } from "./widgets/announcer.js";
import { ChannelList } from "./widgets/channel-list.js";
import { Composer } from "./widgets/composer.js";
import { ConnectionBar } from "./widgets/connection-bar.js";
import { Details } from "./widgets/details-panel.js";
import { ask } from "./widgets/dialog.js";
import { Head } from "./widgets/channel-header.js";
import { Layout } from "./widgets/layout.js";
import { openMenu } from "./widgets/menu.js";
import { attachMenus } from "./widgets/sidebar-menus.js";
import { showNotice } from "./widgets/toast.js";
import { PeopleList } from "./widgets/contact-list.js";
import { PeopleDialogs } from "./widgets/people-dialogs.js";
import { MentionList } from "./widgets/mention-list.js";
import { MessageMenu } from "./widgets/message-menu.js";
import { PersonMenu } from "./widgets/user-menu.js";
import { PinBar } from "./widgets/pin-bar.js";
import { SearchPanel } from "./widgets/search-panel.js";
import { attachShortcuts, showShortcuts } from "./widgets/shortcuts.js";
import { Sidebar } from "./widgets/sidebar.js";
import { Timeline } from "./widgets/timeline.js";
import { Toolbar } from "./widgets/message-toolbar.js";
import { Welcome } from "./widgets/welcome.js";

/** @type {{appId: number, signedIn: boolean, guests: boolean, guestNameLimit: number, registration: boolean, staff: boolean, messageLimit: number, timeZone: string}} */
const boot = JSON.parse(byId("boot").textContent);
document.documentElement.lang = language.tag;
useTimeZone(boot.timeZone);
apply(document);

const socket = new Socket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/acc?batch=1`);
const store = new Store();
const outbox = new Outbox(
  localStorage,
  ({ target, text, clientMsgId, replyTo }) =>
    socket.request("message.send", { target, type: "text", msg: text, clientMsgId, ...(replyTo ? { replyTo } : {}) }),
  ({ appId }) => socket.ready && (appId === null || appId === store.app.appId),
);
const drafts = new Drafts(localStorage);
const session = new Session(socket, store, outbox);
const circle = new CircleSession({ socket, store, session });
const pins = new Pins({ socket, store, session });
const conversation = new Conversation({ socket, store, outbox, session });
const directory = new Directory(socket, store);

const layout = new Layout({ shown: (name) => (name === "details" ? details : search).shown(), navigate });
const dialogs = new PeopleDialogs({ store, directory, open });
const personMenu = new PersonMenu({ store, directory, dialogs });
const details = new Details({ store, session, dialogs, personMenu });
const channels = new ChannelList({ store, drafts, open, retry: () => socket.retryNow() });
const people = new PeopleList({
  store,
  menu: personMenu,
  filter: channels.filter,
  find: () => dialogs.newChat(),
  retry: () => (socket.ready ? circle.load() : socket.retryNow()),
});
const sidebar = new Sidebar({ store, channels, people });
const timeline = new Timeline({ store, conversation, outbox });
const composer = new Composer({
  store, conversation, drafts,
  limit: boot.messageLimit,
  mentions: new MentionList({ store, session }),
  unblock: (person) => personMenu.unblock(person),
});
const search = new SearchPanel({ search: new MessageSearch({ socket, store, session }), store, layout, open, filter: channels.filter });
const welcome = new Welcome({ enter: enterAsGuest });
const messageMenu = new MessageMenu({ store, pins, dialogs, personMenu });
new PinBar({ pins, conversation });
new Head(store);
const announcer = new Announcer(store, outbox);
new ConnectionBar({ store, socket, announcer });
/** @type {import("./widgets/message-toolbar.js").MessageActions} */
const does = {
  reply: ({ message }) => composer.reply(message),
  edit: ({ message }) => composer.edit(message),
  copy: async ({ message }) => {
    if (await copyText(message.msg)) showNotice(t("message.copied"));
  },
  recall: ({ message }) => {
    const words = { title: t("recall.title"), text: t("recall.text"), confirm: t("recall.confirm") };
    ask(words, () => conversation.recall(message));
  },
  more: (row, button) => openMenu(button, messageMenu.items(row)),
};
new Toolbar(timeline, store, does, (row) => messageMenu.items(row).length > 0);
attachMenus({
  store, dialogs, showShortcuts, switchApp,
  forget: () => [drafts, outbox].forEach((kept) => kept.forgetAll()),
  staff: boot.staff,
  registration: boot.registration,
});
attachShortcuts({ sidebar, composer, timeline, layout, dialogs, search, isGuest: () => store.me?.kind === "guest" });

addEventListener("online", () => socket.retryNow());
addEventListener("offline", () => socket.retryNow());
addEventListener("pageshow", (event) => event.persisted && socket.retryNow());
addEventListener("storage", (event) => outbox.follow(event));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && socket.retryNow());
store.addEventListener("me", () => store.me && drafts.load(store.me.id));
store.addEventListener("gone", (event) => gone(/** @type {CustomEvent} */ (event).detail));
session.addEventListener("entered", entered);
session.addEventListener("notice", (event) => {
  const { name, from, msg } = /** @type {CustomEvent} */ (event).detail;
  showNotice(`${name || from}: ${msg}`);
});
circle.addEventListener("asked", (event) => showNotice(t("friend.asks", /** @type {CustomEvent} */ (event).detail)));
circle.addEventListener("accepted", (event) => showNotice(t("friend.accepted", /** @type {CustomEvent} */ (event).detail)));
session.addEventListener("left", (event) => left(/** @type {CustomEvent} */ (event).detail));

start();

function start() {
  if (!boot.signedIn) {
    welcome.show();
    return;
  }
  session.enter(boot.appId);
  layout.open();
  channels.render();
}

/** @param {string} name */
async function enterAsGuest(name) {
  try {
    const { refused } = await comeInAsGuest(byId("sign-out"), { appId: boot.appId, name });
    if (refused === null) session.enter(boot.appId);
    else welcome.refuseName(refused || t("welcome.refused"));
  } catch {
    // No answer came; nothing in it is anybody's fault here.
    welcome.refuseName(t("notice.offline"));
  }
}

function entered() {
  welcome.hide();
  if (!layout.isOpen) layout.open();
  const wanted = [store.current, layout.target, store.app.target].find((target) => target && store.channels.has(target));
  const atList = layout.isPhone && !layout.target && store.channels.size > 1;
  if (!wanted) return;
  conversation.open(wanted);
  if (atList) layout.showList();
  else layout.showChannel(wanted, "replace");
}

/** @param {{reason: string}} detail */
function left({ reason }) {
  layout.close();
  welcome.show(t(reason === "signed-out" ? "welcome.signedOut" : "welcome.refused"));
}

/** @param {string} target @param {number} [seq] of the message to go to */
function open(target, seq) {
  if (!store.channels.has(target)) return;
  const isShown = target === store.current && layout.showsChannel;
  layout.showChannel(target, "push");
  if (seq !== undefined) conversation.openAt(target, seq);
  else if (isShown) composer.focus();
  else conversation.open(target);
}

/** The address has changed by itself. @param {string | null} target */
function navigate(target) {
  if (target && store.channels.has(target)) {
    layout.showChannel(target, "keep");
    if (target !== store.current) conversation.open(target);
  } else if (layout.isPhone) layout.showList();
}

/** @param {import("./net/protocol.js").Channel} channel */
function gone(channel) {
  if (channel.target !== store.current) return;
  showNotice(t("notice.left", channel));
  const wasSeen = layout.showsChannel;
  conversation.open(store.app.target);
  if (wasSeen) layout.showChannel(store.app.target, "replace");
}

/** @param {number} appId */
function switchApp(appId) {
  if (appId === store.app.appId) return;
  boot.appId = appId;
  history.replaceState({}, "", `${location.pathname}?appId=${appId}`);
  session.enter(appId);
}
