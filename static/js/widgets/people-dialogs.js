/** The dialogs about people and groups: write to someone, make, find, change, fill and leave a group. */
/**
 * @import { Directory } from "../net/directory.js"
 * @import { Channel, Member, Message, Person, Role } from "../net/protocol.js"
 * @import { Store } from "../state/store.js"
 */
import { byId, clone, part, reconcile, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showAvatar } from "./avatar.js";
import { ask, openDialog } from "./dialog.js";
import { quoteText } from "./message.js";
import { showListState } from "./list-placeholder.js";
import { errorText, showError, showNotice } from "./toast.js";
import { Picker } from "./user-picker.js";

const TYPING = 200;
const MUTE_SECONDS = 3600;

export class PeopleDialogs {
  #browseTimer = 0;

  /** @param {{store: Store, directory: Directory, open: (target: string) => void}} parts */
  constructor({ store, directory, open }) {
    this.store = store;
    this.directory = directory;
    this.open = open;
  }

  /** @param {Person} person */
  async talkTo(person) {
    try {
      this.open((await this.directory.talkTo(person.userId)).target);
    } catch (error) {
      showError(error);
    }
  }

  newChat() {
    const { dialog, fail } = openDialog("dialog-chat");
    const talk = async (/** @type {Person} */ person) => {
      try {
        const { target } = await this.directory.talkTo(person.userId);
        dialog.close();
        this.open(target);
      } catch (error) {
        fail(error);
      }
    };
    const befriend = {
      may: (/** @type {Person} */ { id, kind }) => kind === "person" && this.store.circle.relation(id) === "none",
      ask: (/** @type {Person} */ person) => this.directory.requestFriend(person.userId).then(() => showNotice(t("friend.requested", person)), fail),
    };
    this.#picker(dialog, talk, befriend);
  }

  newGroup() {
    const form = byId("dialog-group").querySelector("form");
    form.reset();
    /** @type {Picker} */ let picker;
    const { dialog } = openDialog("dialog-group", async () => {
      const { name, join, listed } = form.elements;
      const channel = await this.directory.createGroup({
        name: name.value.trim(), members: picker.userIds, join: join.value, listed: listed.checked,
      });
      this.open(channel.target);
    });
    picker = this.#picker(dialog, null);
    form.elements.name.focus();
  }

  /** @param {Channel} channel */
  invite(channel) {
    /** @type {Picker} */ let picker;
    const { dialog } = openDialog("dialog-invite", async () => {
      if (picker.userIds.length === 0) return t("invite.nobody");
      await this.directory.invite(channel.target, picker.userIds);
      return "";
    });
    setText(part(dialog, "title"), t("invite.title", { name: channel.name }));
    picker = this.#picker(dialog, null);
    picker.field.focus();
  }

  /** @param {Channel} channel */
  settings(channel) {
    const form = byId("dialog-settings").querySelector("form");
    const { name, join, listed, announcementsOnly, slowMode } = form.elements;
    name.value = channel.name;
    join.value = channel.join;
    listed.checked = channel.listed;
    announcementsOnly.checked = channel.announcementsOnly;
    slowMode.value = String(channel.slowMode);
    // One that was set elsewhere to a number that is not in the list.
    if (slowMode.selectedIndex < 0) slowMode.add(new Option(t("slowMode.seconds", { n: channel.slowMode }), String(channel.slowMode), true, true));
    openDialog("dialog-settings", async () => {
      const { target } = channel;
      if (name.value.trim() !== channel.name) await this.directory.rename(target, name.value.trim());
      const wanted = {
        join: join.value, listed: listed.checked, announcementsOnly: announcementsOnly.checked, slowMode: Number(slowMode.value),
      };
      const isChange = Object.entries(wanted).some(([key, value]) => channel[/** @type {keyof Channel} */ (key)] !== value);
      if (isChange) await this.directory.setPolicy(target, wanted);
    });
    name.select();
  }

  browse() {
    const { dialog, fail } = openDialog("dialog-browse");
    const field = part(dialog, "search");
    field.value = "";
    const search = async () => {
      const q = field.value;
      try {
        const groups = await this.directory.findGroups(q.trim());
        if (q === field.value) this.#showGroups(dialog, groups, fail);
      } catch (error) {
        if (q === field.value) this.#showGroups(dialog, [], fail, { failed: errorText(error), retry: search });
      }
    };
    field.oninput = () => {
      clearTimeout(this.#browseTimer);
      this.#browseTimer = setTimeout(search, TYPING);
    };
    this.#showGroups(dialog, null, fail);
    search();
  }

  /** @param {Channel} channel */
  leave(channel) {
    const words = { title: t("leave.title", channel), text: t("leave.text"), confirm: t("leave.confirm") };
    ask(words, () => this.directory.leave(channel.target));
  }

  /** @param {Channel} channel @param {Member} member */
  remove(channel, member) {
    const words = { title: t("remove.title", member), text: t("remove.text"), confirm: t("remove.confirm", member) };
    ask(words, () => this.directory.remove(channel.target, member.userId));
  }

  /** For an hour. @param {Channel} channel @param {Member} member */
  mute(channel, member) {
    const words = { title: t("mute.title", member), text: t("mute.text"), confirm: t("mute.confirm") };
    ask(words, () => this.directory.restrict(channel.target, member.userId, "mute", MUTE_SECONDS));
  }

  /** @param {Channel} channel @param {Member} member */
  ban(channel, member) {
    const words = { title: t("ban.title", member), text: t("ban.text"), confirm: t("ban.confirm", member) };
    ask(words, () => this.directory.restrict(channel.target, member.userId, "ban"));
  }

  /** @param {Message} message */
  report(message) {
    const form = byId("dialog-report").querySelector("form");
    form.reset();
    const { dialog } = openDialog("dialog-report", async () => {
      await this.directory.report(message, form.elements.reason.value);
      showNotice(t("report.done"));
    });
    setText(part(dialog, "quote"), quoteText(message));
    setText(part(dialog, "title"), t("report.title", message));
    form.elements.reason.focus();
  }

  /** @param {Channel} channel @param {Member} member @param {Role} role */
  async setRole(channel, member, role) {
    const set = () => this.directory.setRole(channel.target, member.userId, role);
    if (role === "owner") {
      ask({ title: t("owner.title", member), text: t("owner.text"), confirm: t("owner.confirm") }, set);
      return;
    }
    try {
      await set();
    } catch (error) {
      showError(error);
    }
  }

  /**
   * @param {any} dialog @param {((person: Person) => void) | null} pick
   * @param {import("./user-picker.js").Befriend | null} [befriend]
   */
  #picker(dialog, pick, befriend = null) {
    const { store, directory } = this;
    return new Picker(part(dialog, "picker"), {
      find: async (q) => (await directory.findPeople(q)).filter(({ id }) => id !== store.me?.id),
      suggestions: () => [...new Map([...store.circle.friends, ...store.online]).values()].filter(({ id, kind }) => id !== store.me?.id && kind === "person"),
      isOnline: (id) => store.isOnline(id),
      pick,
      befriend,
    });
  }

  /**
   * @param {any} dialog
   * @param {{target: string, name: string, memberCount: number, join: string}[] | null} groups null: still searching
   * @param {(error: unknown) => void} fail @param {import("./list-placeholder.js").ListState} [whenEmpty]
   */
  #showGroups(dialog, groups, fail, whenEmpty = { empty: t("browse.none") }) {
    const go = async (/** @type {string} */ target) => {
      try {
        if (!this.store.channels.has(target)) await this.directory.join(target);
        dialog.close();
        this.open(target);
      } catch (error) {
        fail(error);
      }
    };
    reconcile(part(dialog, "options"), groups ?? [], {
      key: ({ target }) => target,
      create: () => clone("part-option"),
      update: (entry, { target, name, memberCount }) => {
        const button = entry.firstElementChild;
        button.dataset.testid = "group-option";
        button.dataset.target = target;
        const avatar = part(button, "avatar");
        avatar.classList.add("square");
        showAvatar(avatar, { id: target, name });
        setText(part(button, "name"), name);
        setText(part(button, "about"), t("channel.members", { n: memberCount }));
        setText(part(button, "action"), t(this.store.channels.has(target) ? "browse.open" : "browse.join"));
        button.onclick = () => go(target);
      },
    });
    showListState(part(dialog, "state"), groups === null ? { loading: true } : groups.length ? null : whenEmpty);
  }
}
