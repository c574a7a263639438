/**
 * The user's own word that they are away. No DOM.
 *
 * @import { Socket } from "../net/socket.js"
 */
import { Emitter } from "../net/events.js";

/** @extends {Emitter<{change: null}>} */
class PresenceMode extends Emitter {
  isAway = false;

  /** @param {boolean} isAway */
  set(isAway) {
    this.isAway = isAway;
    this.emit("change");
  }

  /** Take over what the server tells. @param {Socket} socket */
  follow(socket) {
    socket.on("ready", ({ login }) => this.set(Boolean(login.away)));
    socket.onPush("presence.mode", ({ presence }) => this.set(presence === "away"));
  }
}

export const presenceMode = new PresenceMode();
