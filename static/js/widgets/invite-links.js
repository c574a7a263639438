/**
 * The invite links of a group in its settings: create, copy, show as a QR code, and revoke.
 *
 * @import { Channel, Invite } from "../net/wire-types.js"
 * @import { GroupApi } from "../net/group-api.js"
 */
import { copyText } from "../lib/clipboard.js";
import { cloneTemplate, find, part, reconcile, setText } from "../lib/dom.js";
import { formatDateTime } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { joinLink } from "../page/join-address.js";
import { showListPlaceholder } from "./list-placeholder.js";
import { showQrCode } from "./qr-dialog.js";
import { errorText, showToast } from "./toast.js";

const DAY_SECONDS = 86_400;

export class InviteLinks {
  /** @type {Invite[]} */ #invites = [];
  /** @type {Channel | null} */ #channel = null;

  /**
   * @param {{panel: HTMLElement, api: GroupApi, limits: {days: number, maxDays: number},
   *   showError: (error: unknown) => void}} deps
   *   `limits`: how long a link is valid by default and at most; 0: without an end
   */
  constructor({ panel, api, limits, showError }) {
    this.panel = panel;
    this.api = api;
    this.limits = limits;
    this.showError = showError;
    this.list = part(panel, "invites");
    this.placeholder = part(panel, "invites-placeholder");
    part(panel, "create").addEventListener("click", () => this.#create());
  }

  /** @param {Channel} channel */
  async load(channel) {
    this.#channel = channel;
    this.#invites = [];
    this.#resetFields();
    this.#render();
    showListPlaceholder(this.placeholder, { isLoading: true });
    try {
      const invites = await this.api.invites(channel.target);
      if (channel !== this.#channel) return;
      this.#invites = invites;
      this.#render();
    } catch (error) {
      showListPlaceholder(this.placeholder, { error: errorText(error), retry: () => this.load(channel) });
    }
  }

  #resetFields() {
    const { days, maxDays } = this.limits;
    const lifetime = this.#lifetime;
    for (const option of lifetime.options) {
      const seconds = Number(option.value);
      option.hidden = option.disabled = maxDays > 0 && (seconds === 0 || seconds > maxDays * DAY_SECONDS);
    }
    lifetime.value = String(days * DAY_SECONDS);
    // The site's default may not be in the list.
    if (lifetime.selectedIndex < 0) lifetime.add(new Option(t("links.days", { n: days }), String(days * DAY_SECONDS), true, true));
    this.#uses.value = "";
    this.#approval.checked = false;
  }

  async #create() {
    const { target } = this.#channel ?? {};
    if (!target) return;
    const button = part(this.panel, "create", HTMLButtonElement);
    button.disabled = true;
    try {
      const maxUses = this.#uses.value ? { maxUses: Number(this.#uses.value) } : {};
      const options = { seconds: Number(this.#lifetime.value), needsApproval: this.#approval.checked, ...maxUses };
      this.#invites = [await this.api.createInvite(target, options), ...this.#invites];
      this.#render();
      this.list.querySelector("button")?.focus();
    } catch (error) {
      this.showError(error);
    } finally {
      button.disabled = false;
    }
  }

  #render() {
    reconcile(this.list, this.#invites, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-invite-link"),
      update: (item, invite) => this.#renderItem(item, invite),
    });
    showListPlaceholder(this.placeholder, this.#invites.length ? null : { empty: t("links.none") });
  }

  /** @param {HTMLElement} item @param {Invite} invite */
  #renderItem(item, invite) {
    const { id, token, by, uses, maxUses, expiresAt, needsApproval } = invite;
    const link = token ? joinLink(token, location) : "";
    setText(part(item, "link"), link || t("links.unreadable"));
    const about = [
      maxUses ? t("links.usesOf", { n: uses, limit: maxUses }) : t("links.uses", { n: uses }),
      expiresAt ? t("links.until", { until: formatDateTime(expiresAt) }) : t("links.noEnd"),
      needsApproval ? t("links.approved") : "",
      t("links.by", by),
    ];
    setText(part(item, "about"), about.filter(Boolean).join(" · "));
    const copy = part(item, "copy");
    copy.hidden = !link;
    copy.onclick = async () => {
      if (await copyText(link)) showToast(t("links.copied"));
    };
    const qr = part(item, "qr");
    qr.hidden = !link;
    qr.onclick = () => showQrCode(this.api, this.#channel?.name ?? "", link).catch(this.showError);
    part(item, "revoke").onclick = async () => {
      try {
        await this.api.revokeInvite(invite.target, id);
        this.#invites = this.#invites.filter((other) => other !== invite);
        this.#render();
      } catch (error) {
        this.showError(error);
      }
    };
  }

  get #lifetime() {
    return find(this.panel, "[name=lifetime]", HTMLSelectElement);
  }

  get #uses() {
    return find(this.panel, "[name=maxUses]", HTMLSelectElement);
  }

  get #approval() {
    return find(this.panel, "[name=needsApproval]", HTMLInputElement);
  }
}
