/**
 * The outcomes of messages in the outbox, as promises.
 *
 * @import { SendReply } from "./wire-types.js"
 * @import { Outbox } from "./outbox.js"
 * @typedef {{promise: Promise<SendReply>, resolve: (reply: SendReply) => void, reject: (error: Error) => void}} Result
 */
import { RequestError } from "./protocol.js";

export class SendResults {
  /** By clientMsgId. @type {Map<string, Result>} */ #results = new Map();

  /** @param {Outbox} outbox */
  constructor(outbox) {
    this.outbox = outbox;
    outbox.on("sent", ({ entry, reply }) => this.#take(entry.clientMsgId)?.resolve(reply));
    outbox.on("failed", ({ clientMsgId, refusal }) => {
      const result = this.#take(clientMsgId);
      if (!result) return;
      outbox.remove(clientMsgId);
      const { code = 0, reason, data = null } = refusal ?? {};
      result.reject(new RequestError(code, data?.error ?? reason ?? "", data, reason));
    });
  }

  /**
   * Resolve with the reply to a message of the outbox. Rejects with RequestError if the message is refused, which is then
   * removed from the outbox.
   * @param {string} clientMsgId
   * @returns {Promise<SendReply>}
   */
  of(clientMsgId) {
    const known = this.#results.get(clientMsgId);
    if (known) return known.promise;
    /** @type {Result["resolve"]} */ let resolve = () => {};
    /** @type {Result["reject"]} */ let reject = () => {};
    /** @type {Promise<SendReply>} */
    const promise = new Promise((...settle) => ([resolve, reject] = settle));
    this.#results.set(clientMsgId, { promise, resolve, reject });
    return promise;
  }

  /** Reject all that wait: nobody will settle them. @param {Error} error */
  rejectAll(error) {
    for (const clientMsgId of [...this.#results.keys()]) this.#take(clientMsgId)?.reject(error);
  }

  /** @param {string} clientMsgId */
  #take(clientMsgId) {
    const result = this.#results.get(clientMsgId);
    this.#results.delete(clientMsgId);
    return result;
  }
}
