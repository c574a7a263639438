/** Event targets whose events carry a typed payload. */

/**
 * An event target with one payload type per event name; `null` for an event without a payload. The payload is the
 * `detail` of a CustomEvent, so `addEventListener` works as well.
 * @template {object} Events
 */
export class Emitter extends EventTarget {
  /**
   * Call `handle` with the payload of every event of this type.
   * @template {keyof Events & string} Type
   * @param {Type} type
   * @param {(payload: Events[Type]) => void} handle
   */
  on(type, handle) {
    this.addEventListener(type, (event) => handle(/** @type {CustomEvent<Events[Type]>} */ (event).detail));
  }

  /**
   * Dispatch an event of this type to its listeners.
   * @template {keyof Events & string} Type
   * @param {Type} type
   * @param {Events[Type] extends null ? [] : [payload: Events[Type]]} payload
   */
  emit(type, ...payload) {
    this.dispatchEvent(new CustomEvent(type, { detail: payload[0] ?? null }));
  }
}
