/**
 * Dialogs for groups: create, find, add and remove members, and leave.
 *
 * @import { Channel, FoundGroup, JoinPolicy, Member, Role } from "../net/wire-types.js"
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { GroupApi } from "../net/group-api.js"
 * @import { Store } from "../net/state/store.js"
 * @import { OpenDialog } from "./dialog.js"
 * @import { ListState } from "./list-placeholder.js"
 */
import { byId, cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showAvatar } from "./avatar.js";
import { confirmAction, openDialog } from "./dialog.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { errorText, showErrorToast } from "./toast.js";
import { UserPicker } from "./user-picker.js";

const SEARCH_DELAY_MS = 200;

export class GroupDialogs {
  #browseTimer = 0;

  /** @param {{store: Store, api: ChatApi, groupApi: GroupApi, open: (target: string) => void}} deps */
  constructor({ store, api, groupApi, open }) {
    this.store = store;
    this.api = api;
    this.groupApi = groupApi;
    this.open = open;
  }

  create() {
    const { store, api } = this;
    const form = find(byId("dialog-new-group"), "form", HTMLFormElement);
    const name = field(form, "name", HTMLInputElement);
    form.reset();
    const { dialog } = openDialog("dialog-new-group", async () => {
      const members = picker.userIds;
      const channel = await api.createGroup({ name: name.value.trim(), members, ...accessOf(form) });
      // First, because the dialog gives the focus back to where it was.
      dialog.close();
      this.open(channel.target);
    });
    const picker = new UserPicker(dialog, { store, api });
    name.focus();
  }

  /** @param {Channel} channel */
  invite(channel) {
    const { store, api } = this;
    const { dialog } = openDialog("dialog-invite", async () => {
      if (picker.userIds.length === 0) return t("invite.noneSelected");
      await api.inviteMembers(channel.target, picker.userIds);
      return "";
    });
    setText(part(dialog, "title"), t("invite.title", channel));
    const picker = new UserPicker(dialog, { store, api });
    picker.field.focus();
  }

  /** Search groups that the user can join. */
  browse() {
    const open = openDialog("dialog-browse");
    const searchField = part(open.dialog, "search", HTMLInputElement);
    searchField.value = "";
    const search = async () => {
      const q = searchField.value;
      /** @type {FoundGroup[]} */
      let groups = [];
      /** @type {ListState} */
      let stateIfEmpty = { empty: t("browse.none") };
      try {
        groups = await this.api.searchGroups(q.trim());
      } catch (error) {
        stateIfEmpty = { error: errorText(error), retry: search };
      }
      if (q === searchField.value) this.#renderGroups(open, groups, stateIfEmpty);
    };
    searchField.oninput = () => {
      clearTimeout(this.#browseTimer);
      this.#browseTimer = setTimeout(search, SEARCH_DELAY_MS);
    };
    this.#renderGroups(open, [], { isLoading: true });
    search();
  }

  /** @param {Channel} channel */
  leave(channel) {
    const texts = { title: t("leave.title", channel), text: t("leave.text"), confirm: t("leave.confirm") };
    confirmAction(texts, () => this.api.leaveGroup(channel.target));
  }

  /** @param {Channel} channel @param {Member} member */
  removeMember(channel, member) {
    const texts = { title: t("remove.title", member), text: t("remove.text"), confirm: t("remove.confirm", member) };
    confirmAction(texts, () => this.api.removeMember(channel.target, member.userId));
  }

  /** @param {Channel} channel @param {Member} member */
  transfer(channel, member) {
    const texts = { title: t("transfer.title", member), text: t("transfer.text"), confirm: t("transfer.confirm") };
    confirmAction(texts, () => this.groupApi.transfer(channel.target, member.userId));
  }

  /** Change a member's role; asks for confirmation before making an owner. @param {Channel} channel @param {Member} member @param {Role} role */
  async setMemberRole(channel, member, role) {
    const setRole = () => this.api.setMemberRole(channel.target, member.userId, role);
    if (role === "owner") {
      confirmAction({ title: t("owner.title", member), text: t("owner.text"), confirm: t("owner.confirm") }, setRole);
      return;
    }
    try {
      await setRole();
    } catch (error) {
      showErrorToast(error);
    }
  }

  /** @param {OpenDialog} open @param {FoundGroup[]} groups @param {ListState} stateIfEmpty */
  #renderGroups({ dialog, showError }, groups, stateIfEmpty) {
    const openGroup = async (/** @type {string} */ target) => {
      try {
        if (!this.store.channels.has(target)) await this.api.joinGroup(target);
        dialog.close();
        this.open(target);
      } catch (error) {
        showError(error);
      }
    };
    reconcile(part(dialog, "options"), groups, {
      key: ({ target }) => target,
      create: () => cloneTemplate("template-option"),
      update: (entry, { target, name, memberCount, picture }) => {
        const button = find(entry, "button", HTMLButtonElement);
        button.dataset.testid = "group-option";
        button.dataset.target = target;
        const avatar = part(button, "avatar");
        avatar.classList.add("square");
        showAvatar(avatar, { id: target, name, avatar: picture });
        setText(part(button, "name"), name);
        setText(part(button, "about"), t("channel.members", { n: memberCount }));
        setText(part(button, "action"), t(this.store.channels.has(target) ? "browse.open" : "browse.join"));
        button.onclick = () => openGroup(target);
      },
    });
    showListPlaceholder(part(dialog, "placeholder"), groups.length ? null : stateIfEmpty);
  }
}

/**
 * Return the form's field of this name.
 * @template {Element} E
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {new () => E} type
 * @returns {E}
 */
function field(form, name, type) {
  return find(form, `[name=${name}]`, type);
}

/** @param {HTMLFormElement} form @returns {{join: JoinPolicy, listed: boolean}} */
function accessOf(form) {
  const join = /** @type {JoinPolicy} */ (field(form, "join", HTMLSelectElement).value);
  return { join, listed: field(form, "listed", HTMLInputElement).checked };
}
