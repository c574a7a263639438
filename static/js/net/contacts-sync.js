/**
 * Keeps the store's circle in step with the server: loaded at each log-in, and again after whatever changed in it. The
 * presence of friends who are on other apps is pushed nowhere, so it is asked for while the page is looked at.
 *
 * Events: `asked` (detail Person: somebody asks to be friends, now), `accepted` (detail Person: somebody said yes).
 *
 * @import { Session } from "./session.js"
 * @import { Socket } from "./socket.js"
 * @import { Store } from "../state/store.js"
 */
import { Disconnected, Refused } from "./protocol.js";

const TOGETHER = 100;
const REFRESH = 60_000;

export class CircleSession extends EventTarget {
  #timer = 0;

  /** @param {{socket: Socket, store: Store, session: Session}} parts */
  constructor({ socket, store, session }) {
    super();
    this.socket = socket;
    this.store = store;
    this.session = session;
    for (const type of ["entered", "resumed"]) session.addEventListener(type, () => this.load());
    for (const kind of ["friend.requested", "friend.accepted", "friend.removed", "person.blocked", "person.unblocked"]) {
      socket.onPush(kind, (data) => this.#apply(kind, data));
    }
    setInterval(() => this.#refresh(), REFRESH);
  }

  /** @param {string} kind @param {{by: import("./protocol.js").Person}} data */
  #apply(kind, data) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), TOGETHER);
    // With a block, people vanish from the lists of who is online, and come back with its end.
    if (kind.startsWith("person.")) this.session.refreshPresence();
    const isNews = this.socket.ready && data.by.id !== this.store.me?.id;
    if (isNews && kind === "friend.requested") this.#tell("asked", data.by);
    else if (isNews && kind === "friend.accepted") this.#tell("accepted", data.by);
  }

  #refresh() {
    const { circle } = this.store;
    if (circle.friends.size && document.visibilityState === "visible") this.load();
  }

  async load() {
    const { me } = this.store;
    if (!this.socket.ready || !me || me.kind === "guest") return;
    try {
      const told = await this.socket.request("friend.list");
      if (me.id === this.store.me?.id) this.store.setCircle(told);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Disconnected)) throw error;
      // The next reconnect or change asks again, or the person does.
      this.store.failCircle();
    }
  }

  /** @param {string} type @param {any} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
