/** What can be done with somebody: write, be friends or no more, block. The same wherever a person is shown. */
/**
 * @import { Directory } from "../net/directory.js"
 * @import { Person } from "../net/protocol.js"
 * @import { Store } from "../state/store.js"
 * @import { Item } from "./menu.js"
 * @import { PeopleDialogs } from "./people-dialogs.js"
 */
import { t } from "../lib/i18n.js";
import { ask } from "./dialog.js";
import { showError, showNotice } from "./toast.js";

export class PersonMenu {
  /** @param {{store: Store, directory: Directory, dialogs: PeopleDialogs}} parts */
  constructor({ store, directory, dialogs }) {
    this.store = store;
    this.directory = directory;
    this.dialogs = dialogs;
  }

  /** @param {Person} person @param {{talk?: boolean}} [how] without `talk` where one talks to them already @returns {Item[]} */
  items(person, { talk = true } = {}) {
    const { me } = this.store;
    if (!me || me.kind === "guest" || person.id === me.id || person.kind === "guest") return [];
    /** @type {Item[]} */
    const items = [];
    if (talk) items.push({ text: t("person.talk", person), icon: "chat", testid: "talk-to", run: () => this.dialogs.talkTo(person) });
    if (person.kind === "person") items.push(...this.#friendship(person), this.#block(person));
    return items;
  }

  /** @param {Person} person */
  accept(person) {
    return run(() => this.directory.acceptFriend(person.userId));
  }

  /** @param {Person} person */
  decline(person) {
    return run(() => this.directory.declineFriend(person.userId));
  }

  /** @param {Person} person */
  unblock(person) {
    return run(() => this.directory.unblock(person.userId));
  }

  /** @param {Person} person @returns {Item[]} */
  #friendship(person) {
    const { circle } = this.store;
    if (circle.blocked.has(person.id)) return [];
    switch (circle.relation(person.id)) {
      case "friend":
        return [{ text: t("friend.remove"), icon: "person-off", testid: "friend-remove", run: () => this.#askToRemove(person) }];
      case "asking":
        return [
          { text: t("friend.accept"), icon: "tick", testid: "friend-accept", run: () => this.accept(person) },
          { text: t("friend.decline"), icon: "close", testid: "friend-decline", run: () => this.decline(person) },
        ];
      case "asked":
        return [{ text: t("friend.withdraw"), icon: "undo", testid: "friend-withdraw", run: () => run(() => this.directory.removeFriend(person.userId)) }];
      default:
        return [{ text: t("friend.request"), icon: "person-add", testid: "friend-request", run: () => this.#request(person) }];
    }
  }

  /** @param {Person} person @returns {Item} */
  #block(person) {
    if (this.store.circle.blocked.has(person.id)) {
      return { text: t("block.undo"), icon: "person", testid: "unblock", run: () => this.unblock(person) };
    }
    const words = { title: t("block.title", person), text: t("block.text"), confirm: t("block.confirm", person) };
    const block = () => ask(words, () => this.directory.block(person.userId));
    return { text: t("block.do"), icon: "block", danger: true, testid: "block", run: block };
  }

  /** @param {Person} person */
  async #request(person) {
    if (await run(() => this.directory.requestFriend(person.userId))) showNotice(t("friend.requested", person));
  }

  /** @param {Person} person */
  #askToRemove(person) {
    const words = { title: t("friend.removeTitle", person), text: t("friend.removeText"), confirm: t("friend.removeConfirm") };
    ask(words, () => this.directory.removeFriend(person.userId));
  }
}

/** MessageActions it, or says why not. @param {() => Promise<unknown>} act @returns {Promise<boolean>} whether it was done */
async function run(act) {
  try {
    await act();
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}
