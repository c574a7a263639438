/** What else can be done with a message, besides what its bar shows: pin, report, and what concerns its sender. */
/**
 * @import { Message, Person } from "../net/protocol.js"
 * @import { Pins } from "../state/pins.js"
 * @import { Store } from "../state/store.js"
 * @import { MessageRow } from "../state/timeline-rows.js"
 * @import { Item } from "./menu.js"
 * @import { PeopleDialogs } from "./people-dialogs.js"
 * @import { PersonMenu } from "./user-menu.js"
 */
import { t } from "../lib/i18n.js";
import { showError } from "./toast.js";

export class MessageMenu {
  /** @param {{store: Store, pins: Pins, dialogs: PeopleDialogs, personMenu: PersonMenu}} parts */
  constructor({ store, pins, dialogs, personMenu }) {
    this.store = store;
    this.pins = pins;
    this.dialogs = dialogs;
    this.personMenu = personMenu;
  }

  /** @param {MessageRow} row @returns {Item[]} */
  items({ message, own, state }) {
    const { channel, me } = this.store;
    if (!channel || !me || me.kind === "guest" || state !== "sent" || message.recalled) return [];
    /** @type {Item[]} */
    const items = [];
    const leads = channel.role === "owner" || channel.role === "admin";
    if ((channel.kind === "private" || leads) && !channel.closed) items.push(this.#pin(message));
    if (own) return items;
    items.push({ text: t("report.do"), icon: "flag", testid: "report", run: () => this.dialogs.report(message) });
    const sender = this.#sender(message);
    return sender ? [...items, ...this.personMenu.items(sender, { talk: channel.kind !== "private" })] : items;
  }

  /** @param {Message} message @returns {Item} */
  #pin(message) {
    const isPinned = this.pins.has(message.id);
    const act = () => (isPinned ? this.pins.unpin(message) : this.pins.pin(message)).catch(showError);
    return { text: t(isPinned ? "pin.undo" : "pin.do"), icon: isPinned ? "pin-off" : "pin", testid: isPinned ? "unpin" : "pin", run: act };
  }

  /** Who wrote it, if the page knows what kind of person that is. @param {Message} message @returns {Person | undefined} */
  #sender({ fromId, from }) {
    const known = this.store.person(fromId);
    return known?.userId === from ? known : undefined;
  }
}
