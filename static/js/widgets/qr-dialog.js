/** Shows a link as a QR code that can be printed. @import { GroupApi } from "../net/group-api.js" */
import { byId, part, setText } from "../lib/dom.js";
import { openDialog } from "./dialog.js";

/** @param {GroupApi} api @param {string} title the group's name @param {string} link */
export async function showQrCode(api, title, link) {
  const { size, path } = await api.qrCode(link);
  const dialog = byId("dialog-qr", HTMLDialogElement);
  setText(part(dialog, "title"), title);
  setText(part(dialog, "link"), link);
  const code = part(dialog, "code", SVGSVGElement);
  code.setAttribute("viewBox", `0 0 ${size} ${size}`);
  part(code, "path", SVGPathElement).setAttribute("d", path);
  // While it is open, the page prints nothing else.
  document.body.classList.add("prints-qr");
  dialog.onclose = () => document.body.classList.remove("prints-qr");
  part(dialog, "print").onclick = () => print();
  openDialog("dialog-qr");
  part(dialog, "print").focus();
}
