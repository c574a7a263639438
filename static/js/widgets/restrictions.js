/**
 * Mutes and bans in a group: the question before one, and the list from which they are lifted.
 *
 * @import { Channel, ListedRestriction, Member, RestrictionKind } from "../net/wire-types.js"
 * @import { GroupApi } from "../net/group-api.js"
 */
import { byId, cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { formatDateTime } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { showAvatar } from "./avatar.js";
import { openDialog } from "./dialog.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { errorText } from "./toast.js";

const USUAL_MUTE_SECONDS = "3600";

/**
 * Ask for how long and why a member is muted or banned, and do it.
 * @param {GroupApi} api @param {Channel} channel @param {Member} member @param {RestrictionKind} kind
 */
export function askToRestrict(api, { target }, member, kind) {
  const form = find(byId("dialog-restrict"), "form", HTMLFormElement);
  const duration = find(form, "[name=duration]", HTMLSelectElement);
  const reason = find(form, "[name=reason]", HTMLInputElement);
  duration.value = kind === "mute" ? USUAL_MUTE_SECONDS : "";
  reason.value = "";
  const { dialog } = openDialog("dialog-restrict", async () => {
    const seconds = duration.value ? { seconds: Number(duration.value) } : {};
    await api.restrict({ target, member: member.userId, kind, reason: reason.value, ...seconds });
  });
  setText(part(dialog, "title"), t(`${kind}.title`, member));
  setText(part(dialog, "text"), t(`${kind}.text`));
  setText(part(dialog, "confirm"), t(`${kind}.confirm`));
  duration.focus();
}

/** Lists the mutes and bans of a group in its settings. */
export class RestrictionList {
  /** @type {ListedRestriction[]} */ #restrictions = [];
  #target = "";

  /** @param {{panel: HTMLElement, api: GroupApi, showError: (error: unknown) => void}} deps */
  constructor({ panel, api, showError }) {
    this.list = part(panel, "restrictions");
    this.placeholder = part(panel, "restrictions-placeholder");
    this.api = api;
    this.showError = showError;
  }

  /** @param {string} target the group */
  async load(target) {
    this.#target = target;
    this.#restrictions = [];
    this.#render();
    showListPlaceholder(this.placeholder, { isLoading: true });
    try {
      const restrictions = await this.api.restrictions(target);
      if (target !== this.#target) return;
      this.#restrictions = restrictions;
      this.#render();
    } catch (error) {
      showListPlaceholder(this.placeholder, { error: errorText(error), retry: () => this.load(target) });
    }
  }

  #render() {
    reconcile(this.list, this.#restrictions, {
      key: ({ kind, who }) => `${kind} ${who.id}`,
      create: () => cloneTemplate("template-restriction"),
      update: (item, restriction) => this.#renderItem(item, restriction),
    });
    showListPlaceholder(this.placeholder, this.#restrictions.length ? null : { empty: t("restrictions.none") });
  }

  /** @param {HTMLElement} item @param {ListedRestriction} restriction */
  #renderItem(item, restriction) {
    const { kind, who, by, until, reason = "" } = restriction;
    showAvatar(part(item, "avatar"), who);
    setText(part(item, "name"), who.name);
    const end = until ? t(`restrictions.${kind}Until`, { until: formatDateTime(until) }) : t(`restrictions.${kind}`);
    setText(part(item, "about"), t("restrictions.by", { what: end, by: by.name }));
    setText(part(item, "reason"), reason);
    const button = part(item, "lift", HTMLButtonElement);
    setText(button, t(`restrictions.lift.${kind}`));
    button.onclick = async () => {
      button.disabled = true;
      try {
        await this.api.lift(this.#target, who.userId, kind);
        this.#restrictions = this.#restrictions.filter((other) => other !== restriction);
        this.#render();
      } catch (error) {
        button.disabled = false;
        this.showError(error);
      }
    };
  }
}
