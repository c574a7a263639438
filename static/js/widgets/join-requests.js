/**
 * The list of open requests to join a group, with buttons to approve or decline each.
 *
 * @import { JoinRequest } from "../net/wire-types.js"
 * @import { GroupApi } from "../net/group-api.js"
 */
import { cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { formatDateTime } from "../lib/format.js";
import { showAvatar } from "./avatar.js";

export class JoinRequestList {
  /** @type {JoinRequest[]} */ #requests = [];
  #target = "";

  /** @param {{panel: HTMLElement, api: GroupApi, showError: (error: unknown) => void}} deps */
  constructor({ panel, api, showError }) {
    this.section = part(panel, "requests-section");
    this.list = part(panel, "requests");
    this.api = api;
    this.showError = showError;
  }

  /** Load the requests of a group, and hide the section if there are none. @param {string} target */
  async load(target) {
    this.#target = target;
    this.#requests = [];
    this.#render();
    const requests = await this.api.joinRequests(target);
    if (target !== this.#target) return;
    this.#requests = requests;
    this.#render();
  }

  #render() {
    this.section.hidden = this.#requests.length === 0;
    reconcile(this.list, this.#requests, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-join-request"),
      update: (item, request) => {
        showAvatar(part(item, "avatar"), request.who);
        setText(part(item, "name"), request.who.name);
        setText(part(item, "about"), `${request.who.userId} · ${formatDateTime(request.time)}`);
        for (const answer of /** @type {const} */ (["approve", "decline"])) {
          part(item, answer).onclick = () => this.#decide(item, request, answer === "approve");
        }
      },
    });
  }

  /** @param {HTMLElement} item @param {JoinRequest} request @param {boolean} approve */
  async #decide(item, request, approve) {
    const buttons = [...item.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    try {
      await this.api.decide(this.#target, request.who.userId, approve);
      this.#requests = this.#requests.filter((other) => other !== request);
      this.#render();
    } catch (error) {
      for (const button of buttons) button.disabled = false;
      this.showError(error);
    }
  }
}
