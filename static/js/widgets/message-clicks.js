/**
 * Carries out clicks within a message: go to the quoted one, react, remove a link's preview, open a picture, forward a
 * file, cancel an upload, send again, open the thread.
 *
 * @import { ForwardOrigin, Message } from "../net/wire-types.js"
 * @import { AttachmentSends } from "../net/attachment-sends.js"
 * @import { Conversation } from "../net/conversation.js"
 * @import { Uploads } from "../net/uploads.js"
 * @import { LoggedMessage } from "../net/state/channel-log.js"
 * @typedef {{conversation: Conversation, sends: AttachmentSends, uploads: Uploads,
 *   react: (message: Message, emoji: string, isAdded: boolean) => void,
 *   removePreview: (message: Message, previewId: string) => void, openThread: (message: Message) => void,
 *   forward: (message: Message, files: string[]) => void, openOrigin: (origin: ForwardOrigin) => void}} ClickActions
 */
import { openPicture } from "./message-attachments.js";

/**
 * @param {Element} element within the message
 * @param {LoggedMessage} message
 * @param {Message[]} messages among whose pictures one is opened
 * @param {ClickActions} actions
 */
export function onMessageClick(element, message, messages, actions) {
  const { conversation, sends, uploads, react, removePreview, openThread } = actions;
  const isIn = (/** @type {string} */ name) => element.closest(`[data-part="${name}"]`) !== null;
  if (message.replyTo && isIn("quote")) {
    const quoted = conversation.quotedMessage(message.target, message.replyTo);
    if (quoted) conversation.reveal(quoted.target, quoted.seq);
  } else if (message.forwarded && isIn("origin")) actions.openOrigin(message.forwarded);
  else if (isIn("thread-link") || isIn("in-thread")) openThread(message);
  else if (isIn("reactions")) {
    const button = element.closest("button");
    if (button) react(message, button.dataset.emoji ?? "", button.getAttribute("aria-pressed") !== "true");
  } else if (isIn("remove-preview")) {
    const card = element.closest("[data-preview]");
    if (card instanceof HTMLElement) removePreview(message, card.dataset.preview ?? "");
  } else if (isIn("open-picture")) {
    const isGuest = conversation.store.me?.kind === "guest";
    openPicture(element, messages, message, uploads, isGuest ? null : actions.forward);
  } else if (isIn("forward-file")) {
    const button = element.closest("button");
    if (button) actions.forward(message, [button.dataset.attachmentId ?? ""]);
  } else if (message.clientMsgId && isIn("upload")) {
    if (isIn("cancel")) sends.remove(message.clientMsgId);
  } else if (message.clientMsgId && isIn("failure")) {
    if (isIn("retry")) sends.retry(message.clientMsgId);
    else if (isIn("delete")) sends.remove(message.clientMsgId);
  }
}
