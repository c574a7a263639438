/**
 * The picture of a group in its settings: choose a file, which is uploaded and shown at once, or remove it.
 *
 * @import { Attachment, Channel } from "../net/wire-types.js"
 * @import { GroupApi } from "../net/group-api.js"
 */
import { find, part } from "../lib/dom.js";
import { showChannelAvatar } from "./avatar.js";

export class GroupPicture {
  /** @type {Channel | null} */ #channel = null;

  /**
   * @param {{panel: HTMLElement, api: GroupApi, upload: (file: File) => Promise<Attachment>,
   *   showError: (error: unknown) => void}} deps
   */
  constructor({ panel, api, upload, showError }) {
    this.panel = panel;
    this.field = find(panel, "input[type=file]", HTMLInputElement);
    part(panel, "picture-choose").addEventListener("click", () => this.field.click());
    this.field.addEventListener("change", () => {
      const file = this.field.files?.[0];
      this.field.value = "";
      if (file) this.#change(async (target) => api.setPicture(target, (await upload(file)).id), showError);
    });
    part(panel, "picture-remove").addEventListener("click", () => this.#change((target) => api.setPicture(target), showError));
  }

  /** @param {Channel} channel */
  show(channel) {
    this.#channel = channel;
    showChannelAvatar(part(this.panel, "picture"), channel);
    part(this.panel, "picture-remove").hidden = !channel.picture;
  }

  /** @param {(target: string) => Promise<Channel>} change @param {(error: unknown) => void} showError */
  async #change(change, showError) {
    const channel = this.#channel;
    if (!channel) return;
    const buttons = [part(this.panel, "picture-choose", HTMLButtonElement), part(this.panel, "picture-remove", HTMLButtonElement)];
    for (const button of buttons) button.disabled = true;
    try {
      const changed = await change(channel.target);
      if (channel === this.#channel) this.show(changed);
    } catch (error) {
      showError(error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }
}
