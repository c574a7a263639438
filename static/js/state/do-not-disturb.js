/**
 * The time until which the user does not want to be disturbed. No DOM.
 *
 * @import { Socket } from "../net/socket.js"
 */
import { Emitter } from "../net/events.js";

/** @extends {Emitter<{change: null}>} */
class DoNotDisturb extends Emitter {
  /** Unix milliseconds; 0 for none. */ #until = 0;

  /** Unix milliseconds, or 0 if the user can be disturbed now. */
  get until() {
    return this.#until > Date.now() ? this.#until : 0;
  }

  /** @param {number | undefined} until */
  set(until = 0) {
    this.#until = until;
    this.emit("change");
  }

  /** Take over what the server tells. @param {Socket} socket */
  follow(socket) {
    socket.on("ready", ({ login }) => this.set(login.doNotDisturbUntil));
    socket.onPush("dnd.changed", ({ until }) => this.set(until));
  }
}

export const doNotDisturb = new DoNotDisturb();
