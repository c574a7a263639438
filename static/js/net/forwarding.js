/**
 * Forwards messages to channels and users. No DOM.
 *
 * @import { ChatApi } from "./chat-api.js"
 * @import { Socket } from "./socket.js"
 * @import { Message, User } from "./wire-types.js"
 * @import { Store } from "./state/store.js"
 * @typedef {{key: string, target: string, user?: User}} ForwardDestination  `key`: unique; `target`: "" for a user without a private channel
 */
import { newId } from "./random-id.js";

/** Forwards one message, with an optional comment before it, to one destination after the other. A retry repeats nothing. */
export class Forwarding {
  /** Client message ids by destination, for the message and its comment. @type {Map<string, {message: string, comment: string}>} */
  #ids = new Map();

  /**
   * @param {{socket: Socket, store: Store, api: ChatApi}} deps
   * @param {Message} message
   * @param {string[]} files ids of the files to forward without the text; empty: the whole message
   */
  constructor({ socket, store, api }, message, files) {
    this.socket = socket;
    this.store = store;
    this.api = api;
    this.message = message;
    this.files = files;
  }

  /**
   * Return the channel that the message was forwarded to. Rejects with RequestError or DisconnectedError.
   * @param {ForwardDestination} destination
   * @param {string} comment
   */
  async forward({ key, target, user }, comment) {
    const ids = this.#ids.get(key) ?? { message: newId(), comment: newId() };
    this.#ids.set(key, ids);
    const to = target || (await this.api.openPrivateChannel(user?.userId ?? "")).target;
    if (comment) {
      const data = /** @type {const} */ ({ target: to, type: "text", msg: comment, clientMsgId: ids.comment });
      await this.#show(to, (await this.socket.request("message.send", data)).id);
    }
    const { target: source, id } = this.message;
    const data = { target: source, id, to, attachments: this.files, clientMsgId: ids.message };
    await this.#show(to, (await this.socket.request("message.forward", data)).id);
    return to;
  }

  /** Show a message that this connection has sent, and that its channel has a new one. @param {string} target @param {string} id */
  async #show(target, id) {
    const load = this.socket.request("message.get", { target, id });
    // It was sent. Without a connection, the page gets it after the reconnect.
    await load.then((message) => this.store.addMessage(message), () => {});
  }
}
