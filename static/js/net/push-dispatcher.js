/**
 * Hands each push to the handlers of its kind.
 *
 * @import { Envelope, Pushes } from "./wire-types.js"
 */

export class PushDispatcher {
  /** Dispatches each push under its kind. */ #pushes = new EventTarget();
  /** Kinds with a handler. @type {Set<string>} */ #handledKinds = new Set();
  /** Kinds that arrived without a handler; each is logged once. @type {Set<string>} */ #unhandledKinds = new Set();

  /**
   * @template {keyof Pushes} Kind
   * @param {Kind} kind
   * @param {(data: Pushes[Kind]) => void} handle
   */
  on(kind, handle) {
    this.#handledKinds.add(kind);
    this.#pushes.addEventListener(kind, (event) => handle(/** @type {CustomEvent<Pushes[Kind]>} */ (event).detail));
  }

  /** @param {Envelope} push */
  dispatch({ cmd, data }) {
    if (this.#handledKinds.has(cmd)) this.#pushes.dispatchEvent(new CustomEvent(cmd, { detail: data }));
    else if (!this.#unhandledKinds.has(cmd)) {
      this.#unhandledKinds.add(cmd);
      console.warn(`The page has no handler for pushes of the kind "${cmd}".`);
    }
  }
}
