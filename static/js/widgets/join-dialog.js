/**
 * The dialog of an invite link: the group, and a button to join it, to ask for it, or to withdraw the request.
 *
 * @import { Invitation } from "../net/wire-types.js"
 * @import { GroupApi } from "../net/group-api.js"
 * @import { JoinAddress } from "../page/join-address.js"
 */
import { byId, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { signInAddress } from "../lib/sign-in-address.js";
import { showAvatar } from "./avatar.js";
import { openDialog } from "./dialog.js";
import { showToast } from "./toast.js";

export class JoinDialog {
  #dialog = byId("dialog-join", HTMLDialogElement);
  /** The token of the invitation that is shown. */ #token = "";

  /** @param {{api: GroupApi, address: JoinAddress, isGuest: () => boolean, open: (target: string) => void}} deps */
  constructor({ api, address, isGuest, open }) {
    this.api = api;
    this.address = address;
    this.isGuest = isGuest;
    this.open = open;
    addEventListener("hashchange", () => address.take() && this.showPending());
  }

  /** Show the invitation that waits, if there is one. Guests are asked to sign in; it waits for that. */
  showPending() {
    const { token } = this.address;
    if (!token || this.#dialog.open) return;
    if (this.isGuest()) {
      this.#askToSignIn();
      return;
    }
    this.address.forget();
    this.#show(token);
  }

  #askToSignIn() {
    openDialog("dialog-join-account");
    const dialog = byId("dialog-join-account");
    for (const page of /** @type {const} */ (["login", "register"])) {
      dialog.querySelector(`[data-part=${page}]`)?.setAttribute("href", signInAddress(page));
    }
  }

  /** @param {string} token */
  async #show(token) {
    this.#token = token;
    /** @type {Invitation | null} */
    let invitation = null;
    const { showError } = openDialog("dialog-join", async () => {
      if (invitation) await this.#accept(token, invitation);
    });
    this.#render(null);
    try {
      invitation = await this.api.invitation(token);
      // Meanwhile another link may have been opened.
      if (token === this.#token) this.#render(invitation);
    } catch (error) {
      if (token !== this.#token) return;
      showError(error);
      part(this.#dialog, "group").hidden = true;
    }
  }

  /** @param {Invitation | null} invitation null while it is loading */
  #render(invitation) {
    const dialog = this.#dialog;
    const group = part(dialog, "group");
    group.hidden = false;
    group.setAttribute("aria-busy", String(!invitation));
    const confirm = part(dialog, "confirm");
    confirm.hidden = !invitation;
    const { target = "", by, memberCount = 0, topic = "", picture, state = "open" } = invitation ?? {};
    const name = invitation ? invitation.name || t("join.unnamed") : "…";
    showAvatar(part(dialog, "avatar"), { id: target, name, avatar: picture });
    setText(part(dialog, "name"), name);
    setText(part(dialog, "about"), invitation ? t("channel.members", { n: memberCount }) : "");
    setText(part(dialog, "topic"), topic);
    setText(part(dialog, "by"), by ? t("join.by", by) : "");
    setText(part(dialog, "note"), state === "approval" || state === "requested" ? t(`join.note.${state}`) : "");
    setText(confirm, t(`join.confirm.${state}`));
    confirm.classList.toggle("primary", state !== "requested");
    // Enter must not withdraw a request that the user only looks at.
    if (invitation) part(dialog, state === "requested" ? "cancel" : "confirm").focus();
  }

  /** @param {string} token @param {Invitation} invitation */
  async #accept(token, { target, state }) {
    if (state === "requested") {
      await this.api.withdraw(target);
      showToast(t("join.withdrawn"));
    } else if (state !== "member" && (await this.api.acceptInvite(token)) === "requested") showToast(t("join.requested"));
    else this.open(target);
  }
}
