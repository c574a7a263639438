/**
 * The dialog that forwards a message, or files of it, to channels and users.
 *
 * @import { ChatApi } from "../net/chat-api.js"
 * @import { Socket } from "../net/socket.js"
 * @import { Message } from "../net/wire-types.js"
 * @import { Store } from "../net/state/store.js"
 */
import { isolate } from "../lib/bidi.js";
import { byId, part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Forwarding } from "../net/forwarding.js";
import { isRequestFailure } from "../net/protocol.js";
import { DestinationPicker } from "./destination-picker.js";
import { openDialog } from "./dialog.js";
import { attachmentSummary } from "./message-attachments.js";
import { messageSummary } from "./message.js";
import { errorText, showToast } from "./toast.js";

export class ForwardDialog {
  #dialog = byId("dialog-forward", HTMLDialogElement);

  /** @param {{socket: Socket, store: Store, api: ChatApi, open: (target: string) => void}} deps */
  constructor(deps) {
    this.deps = deps;
  }

  /** @param {Message} message @param {string[]} [files] ids of the files to forward without the text; empty: all of it */
  show(message, files = []) {
    const { store, api } = this.deps;
    const dialog = this.#dialog;
    const forwarding = new Forwarding(this.deps, message, files);
    const comment = part(dialog, "comment", HTMLInputElement);
    comment.value = "";
    openDialog("dialog-forward", () => this.#forward(forwarding, picker, comment.value.trim()));
    const chosen = (message.attachments ?? []).filter(({ id }) => files.includes(id));
    setText(part(dialog, "sender"), message.forwarded?.name ?? message.name);
    setText(part(dialog, "summary"), files.length ? attachmentSummary(chosen) : messageSummary(message));
    const onChange = () => {
      part(dialog, "confirm", HTMLButtonElement).disabled = picker.selected.size === 0;
    };
    const picker = new DestinationPicker(dialog, { store, api, onChange });
    onChange();
    picker.field.focus();
  }

  /**
   * Forward to all selected destinations. Those that have it are no longer selected; the error is about the first other.
   * @param {Forwarding} forwarding
   * @param {DestinationPicker} picker
   * @param {string} comment
   */
  async #forward(forwarding, picker, comment) {
    const done = [];
    let problem = "";
    for (const destination of [...picker.selected.values()]) {
      const { name } = destination;
      try {
        done.push({ name, target: await forwarding.forward(destination, comment) });
        picker.unselect(destination);
      } catch (error) {
        if (!isRequestFailure(error)) throw error;
        problem ||= t("forward.failed", { name: isolate(name), reason: errorText(error) });
      }
    }
    if (done.length) this.#report(done);
    return problem;
  }

  /** @param {{name: string, target: string}[]} done */
  #report(done) {
    const [{ name, target }] = done;
    if (done.length > 1) showToast(t("forward.doneMany", { n: done.length }));
    else showToast(t("forward.done", { name: isolate(name) }), { action: { text: t("forward.open"), run: () => this.deps.open(target) } });
  }
}
