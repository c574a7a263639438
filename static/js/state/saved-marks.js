/** The ids of the messages that the user has saved for later. No DOM. */
import { Emitter } from "../net/events.js";

/** @extends {Emitter<{change: null, saved: string, removed: string}>} */
class SavedMarks extends Emitter {
  /** @type {Set<string>} */ #ids = new Set();

  /** @param {string} id of a message */
  has(id) {
    return this.#ids.has(id);
  }

  /** @param {Iterable<string>} ids */
  setAll(ids) {
    this.#ids = new Set(ids);
    this.emit("change");
  }

  /** @param {string} id @param {boolean} isSaved */
  set(id, isSaved) {
    if (isSaved === this.has(id)) return;
    if (isSaved) this.#ids.add(id);
    else this.#ids.delete(id);
    this.emit("change");
    this.emit(isSaved ? "saved" : "removed", id);
  }
}

export const savedMarks = new SavedMarks();
