/**
 * Keeps the user's contacts up to date: loaded at each login and after each change. The presence of friends on other
 * apps is not pushed, so the list is loaded again now and then while the user may look at it.
 *
 * `requested`: a user has just sent a friend request; `accepted`: one has accepted the user's request.
 * @import { User } from "./wire-types.js"
 * @import { PresenceSync } from "./presence-sync.js"
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "./state/store.js"
 * @typedef {{requested: User, accepted: User}} ContactsEvents
 * @typedef {"friend.requested" | "friend.accepted" | "friend.removed" | "person.blocked" | "person.unblocked"} ContactPush
 */
import { Emitter } from "./events.js";
import { isRequestFailure } from "./protocol.js";

const RELOAD_DELAY_MS = 100;
const REFRESH_INTERVAL_MS = 60_000;
/** @type {ContactPush[]} */
const PUSH_KINDS = ["friend.requested", "friend.accepted", "friend.removed", "person.blocked", "person.unblocked"];

/** @extends {Emitter<ContactsEvents>} */
export class ContactsSync extends Emitter {
  #timer = 0;
  #refreshTimer = 0;

  /**
   * @param {{socket: Socket, store: Store, session: Session, presence: PresenceSync, isVisible?: () => boolean}} deps
   *   `isVisible`: tells whether the user may see the contacts; by default always
   */
  constructor({ socket, store, session, presence, isVisible = () => true }) {
    super();
    this.socket = socket;
    this.store = store;
    this.presence = presence;
    this.isVisible = isVisible;
    session.on("loaded", () => this.load());
    session.on("resumed", () => this.load());
    for (const kind of PUSH_KINDS) socket.onPush(kind, ({ by }) => this.#onChange(kind, by));
    socket.on("status", ({ status }) => this.#setRefreshing(status !== "idle" && status !== "ended"));
  }

  /** Load the contacts. After an error they stay as they are, marked as failed. */
  async load() {
    const { me } = this.store;
    if (!this.socket.isReady || !me || me.kind === "guest") return;
    try {
      const lists = await this.socket.request("friend.list");
      if (me.id === this.store.me?.id) this.store.setContacts(lists);
    } catch (error) {
      if (!isRequestFailure(error)) throw error;
      this.store.setContactsFailed();
    }
  }

  /** @param {ContactPush} kind @param {User} by */
  #onChange(kind, by) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), RELOAD_DELAY_MS);
    // A block hides users from each other's list of online users.
    if (kind === "person.blocked" || kind === "person.unblocked") this.presence.refresh();
    const isLiveFromOther = this.socket.isReady && by.id !== this.store.me?.id;
    if (isLiveFromOther && kind === "friend.requested") this.emit("requested", by);
    else if (isLiveFromOther && kind === "friend.accepted") this.emit("accepted", by);
  }

  /** A stopped connection leaves no timer: a program without any other ends. @param {boolean} isOn */
  #setRefreshing(isOn) {
    clearInterval(this.#refreshTimer);
    if (isOn) this.#refreshTimer = setInterval(() => this.#refresh(), REFRESH_INTERVAL_MS);
  }

  #refresh() {
    if (this.store.contacts.friends.size && this.isVisible()) this.load();
  }
}
