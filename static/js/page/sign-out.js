/**
 * Signs the user out.
 *
 * @import { Socket } from "../net/socket.js"
 * @import { Offline } from "../offline/offline.js"
 * @import { WebPush } from "./web-push.js"
 */
import { reopenPage } from "../widgets/page-reopening.js";

/**
 * Delete what this browser has of the chat, then let the server end the session. Without a connection the page shows nothing
 * more, and does the second part when the server answers.
 * @param {HTMLFormElement} form
 * @param {{socket: Socket, webPush: WebPush, offline: Offline}} deps
 */
export async function signOut(form, { socket, webPush, offline }) {
  const { isReady } = socket;
  if (!isReady) socket.stop();
  await Promise.all([webPush.forget(), offline.wipe()]);
  if (isReady) form.submit();
  else reopenPage(() => offline.renewToken().then(() => form.submit()), "offline.signingOut");
}
