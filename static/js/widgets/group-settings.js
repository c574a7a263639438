/**
 * The settings of a group in one dialog with tabs, for its owners and admins.
 *
 * @import { Attachment, Channel, GroupPolicy, JoinPolicy } from "../net/wire-types.js"
 * @import { GroupApi } from "../net/group-api.js"
 * @typedef {"general" | "moderation" | "invites"} SettingsTab
 */
import { changedFields } from "../lib/changed-fields.js";
import { byId, find, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { confirmAction, openDialog } from "./dialog.js";
import { GroupPicture } from "./group-picture.js";
import { InviteLinks } from "./invite-links.js";
import { JoinRequestList } from "./join-requests.js";
import { RestrictionList } from "./restrictions.js";

/** @type {SettingsTab[]} */
const TABS = ["general", "moderation", "invites"];

export class GroupSettings {
  #dialog = byId("dialog-settings");
  #form = find(this.#dialog, "form", HTMLFormElement);
  /** @type {Channel | null} */ #channel = null;
  /** The contents when the form was opened. @type {Required<GroupPolicy> & {name: string} | null} */ #shown = null;
  /** Shows an error in the open dialog. @type {(error: unknown) => void} */ #showError = () => {};

  /**
   * @param {{api: GroupApi, inviteLimits: {days: number, maxDays: number}, upload: (file: File) => Promise<Attachment>}} deps
   *   `inviteLimits`: how long an invite link is valid by default and at most; 0: without an end
   */
  constructor({ api, inviteLimits, upload }) {
    this.api = api;
    const showError = (/** @type {unknown} */ error) => this.#showError(error);
    this.restrictions = new RestrictionList({ panel: byId("settings-moderation"), api, showError });
    this.picture = new GroupPicture({ panel: byId("settings-general"), api, upload, showError });
    const panel = byId("settings-invites");
    this.requests = new JoinRequestList({ panel, api, showError });
    this.links = new InviteLinks({ panel, api, limits: inviteLimits, showError });
    for (const tab of TABS) byId(`settings-tab-${tab}`).addEventListener("click", () => this.#select(tab));
    part(this.#dialog, "tabs").addEventListener("keydown", (event) => this.#onTabKey(event));
    part(this.#dialog, "close").addEventListener("click", () => this.#askToClose());
    this.#choice("join").addEventListener("change", () => this.#renderHistory());
  }

  /** @param {Channel} channel @param {SettingsTab} [tab] */
  show(channel, tab = "general") {
    this.#channel = channel;
    const isOwner = channel.role === "owner";
    this.#input("name").value = channel.name;
    this.#input("topic").value = channel.topic ?? "";
    this.#description.value = channel.description ?? "";
    this.#choice("join").value = channel.join;
    this.#input("listed").checked = channel.listed;
    this.#choice("history").value = channel.history;
    this.#input("announcementsOnly").checked = channel.announcementsOnly;
    selectSlowMode(this.#choice("slowMode"), channel.slowMode);
    this.#input("linkPreviews").checked = channel.linkPreviews;
    this.#input("linkPreviews").disabled = !isOwner;
    part(this.#dialog, "closing").hidden = !isOwner;
    this.picture.show(channel);
    this.#renderHistory();
    this.#shown = this.#values;
    this.#showError = openDialog("dialog-settings", () => this.#save(channel)).showError;
    this.#select(tab);
    if (tab === "general") this.#input("name").select();
  }

  /** @param {SettingsTab} tab */
  #select(tab) {
    for (const name of TABS) {
      const button = byId(`settings-tab-${name}`);
      button.setAttribute("aria-selected", String(name === tab));
      button.tabIndex = name === tab ? 0 : -1;
      byId(`settings-${name}`).hidden = name !== tab;
    }
    const isForm = tab === "general";
    const confirm = part(this.#dialog, "confirm", HTMLButtonElement);
    // Enter in a field of another tab saves nothing, and does not close the dialog.
    confirm.hidden = confirm.disabled = !isForm;
    setText(part(this.#dialog, "cancel"), t(isForm ? "dialog.cancel" : "dialog.close"));
    const channel = this.#channel;
    if (tab === "moderation" && channel) this.restrictions.load(channel.target);
    if (tab === "invites" && channel) {
      this.links.load(channel);
      this.requests.load(channel.target).catch((error) => this.#showError(error));
    }
  }

  /** @param {KeyboardEvent} event */
  #onTabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = TABS.findIndex((tab) => byId(`settings-tab-${tab}`).tabIndex === 0);
    const next = TABS[(index + step + TABS.length) % TABS.length];
    this.#select(next);
    byId(`settings-tab-${next}`).focus();
  }

  /** In open groups everyone can read everything, whatever the setting. */
  #renderHistory() {
    const isOpen = this.#choice("join").value === "open";
    this.#choice("history").disabled = isOpen || this.#channel?.role !== "owner";
    setText(part(this.#dialog, "history-hint"), isOpen ? t("history.open") : "");
  }

  /** Save the changes of the user: meanwhile another admin may have changed the rest. @param {Channel} channel */
  async #save({ target }) {
    const { name, ...policy } = changedFields(this.#shown ?? this.#values, this.#values);
    if (name !== undefined) await this.api.rename(target, name);
    if (Object.keys(policy).length) await this.api.setPolicy(target, policy);
  }

  /** The contents of the form. */
  get #values() {
    return {
      name: this.#input("name").value.trim(),
      join: /** @type {JoinPolicy} */ (this.#choice("join").value),
      listed: this.#input("listed").checked,
      history: this.#choice("history").value,
      announcementsOnly: this.#input("announcementsOnly").checked,
      slowMode: Number(this.#choice("slowMode").value),
      linkPreviews: this.#input("linkPreviews").checked,
      topic: this.#input("topic").value.trim(),
      description: this.#description.value.trim(),
    };
  }

  #askToClose() {
    const channel = this.#channel;
    if (!channel) return;
    const texts = { title: t("close.title", channel), text: t("close.text"), confirm: t("close.confirm") };
    confirmAction(texts, async () => {
      await this.api.setClosed(channel.target, true);
      byId("dialog-settings", HTMLDialogElement).close();
    });
  }

  get #description() {
    return find(this.#form, "[name=description]", HTMLTextAreaElement);
  }

  /** @param {string} name */
  #input(name) {
    return find(this.#form, `[name=${name}]`, HTMLInputElement);
  }

  /** @param {string} name */
  #choice(name) {
    return find(this.#form, `[name=${name}]`, HTMLSelectElement);
  }
}

/** @param {HTMLSelectElement} select @param {number} seconds */
function selectSlowMode(select, seconds) {
  const value = String(seconds);
  select.value = value;
  // A value that was set through the API may not be in the list.
  if (select.selectedIndex < 0) select.add(new Option(t("slowMode.seconds", { n: seconds }), value, true, true));
}
