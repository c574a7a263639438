/** Names to choose from while one is typed after "@" in the composer. */
/**
 * @import { Typed } from "../lib/mentions.js"
 * @import { Person } from "../net/protocol.js"
 * @import { Session } from "../net/session.js"
 * @import { Store } from "../state/store.js"
 */
import { byId, clone, part, reconcile, setText } from "../lib/dom.js";
import { OFFERED, addressOf, isWhole, meant, mentionAt } from "../lib/mentions.js";
import { showAvatar } from "./avatar.js";

export class MentionList {
  #list = byId("mention-list");
  #field = /** @type {HTMLTextAreaElement} */ (byId("composer"));
  /** @type {Person[]} */ #offered = [];
  /** @type {Typed | null} */ #typed = null;
  #active = 0;
  /** The person went through the list: Enter takes the one they stopped at. */ #walked = false;
  /** Where the "@" stands of which no names are wanted. */ #refused = -1;
  #loading = false;

  /** @param {{store: Store, session: Session}} parts */
  constructor({ store, session }) {
    this.store = store;
    this.session = session;
    document.addEventListener("selectionchange", () => this.#look());
    this.#field.addEventListener("input", () => this.#look());
    this.#field.addEventListener("blur", () => this.#show(null));
    store.addEventListener("current", () => this.#show(null));
    // The caret stays where it is.
    this.#list.addEventListener("pointerdown", (/** @type {Event} */ event) => event.preventDefault());
  }

  /** A key of the composer. Returns whether it was meant for the list. @param {KeyboardEvent} event */
  key(event) {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    const person = this.#offered[this.#active];
    if (!person || shiftKey || ctrlKey || altKey || metaKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step) {
      this.#active = (this.#active + step + this.#offered.length) % this.#offered.length;
      this.#walked = true;
      this.#render();
    } else if (key === "Escape") {
      this.#refused = this.#typed?.from ?? -1;
      this.#show(null);
    } else if (key === "Tab" || (key === "Enter" && (this.#walked || !isWhole(this.#typed?.q ?? "", person)))) this.#take(person);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #look() {
    const { selectionStart: from, selectionEnd: to, value } = this.#field;
    const typed = document.activeElement === this.#field && from === to ? mentionAt(value, to) : null;
    if (typed?.from !== this.#refused) this.#refused = -1;
    this.#show(this.#refused < 0 ? typed : null);
  }

  /** @param {Typed | null} typed */
  #show(typed) {
    if (typed?.q !== this.#typed?.q || typed?.from !== this.#typed?.from) this.#walked = false;
    const before = this.#walked ? this.#offered[this.#active]?.id : "";
    this.#typed = typed;
    const found = typed ? meant(typed.q, this.#people()) : [];
    // There is nothing to choose where one is called just so.
    this.#offered = typed && found.length === 1 && isWhole(typed.q, found[0]) ? [] : found;
    this.#active = Math.max(0, this.#offered.findIndex(({ id }) => id === before));
    this.#render();
    if (typed && found.length < OFFERED) this.#loadMore();
  }

  /** Who can be meant here: first who wrote last. */
  #people() {
    const { channel, log, me, members, online } = this.store;
    /** @type {Map<string, Person>} */
    const people = new Map();
    const known = [
      ...(channel?.peer ? [channel.peer] : []),
      ...(channel?.kind === "global" ? online.values() : []),
      ...(members.get(channel?.target ?? "")?.members ?? []),
    ];
    const present = new Map(known.map((person) => [person.id, person]));
    for (const { fromId, from, name, avatar } of (log?.messages ?? []).toReversed()) {
      // In a group only members are told of it.
      const person = present.get(fromId) ?? (channel?.kind === "global" ? { id: fromId, userId: from, name, avatar, kind: "person" } : null);
      if (person && !people.has(fromId)) people.set(fromId, /** @type {Person} */ (person));
    }
    for (const person of known) if (!people.has(person.id)) people.set(person.id, person);
    people.delete(me?.id ?? "");
    return [...people.values()];
  }

  /** Members that are not known yet, as long as few fit. */
  async #loadMore() {
    const { channel, members } = this.store;
    const known = channel && members.get(channel.target);
    if (this.#loading || channel?.kind !== "public" || (known && !known.hasMore)) return;
    this.#loading = true;
    try {
      await this.session.loadMembers(channel.target, Boolean(known));
    } catch {
      // Without them there is nothing to offer; the next key tries again.
      return;
    } finally {
      this.#loading = false;
    }
    this.#look();
  }

  /** @param {Person} person */
  #take(person) {
    const { from } = /** @type {Typed} */ (this.#typed);
    this.#field.setRangeText(`${addressOf(person)} `, from, this.#field.selectionEnd, "end");
    this.#field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  #render() {
    this.#list.hidden = this.#offered.length === 0;
    reconcile(this.#list, this.#offered, {
      key: ({ id }) => id,
      create: () => clone("part-mention"),
      update: (option, person) => {
        const isActive = this.#offered[this.#active] === person;
        option.id = `mention-${person.id}`;
        option.setAttribute("aria-selected", String(isActive));
        showAvatar(part(option, "avatar"), person);
        part(option, "avatar").classList.toggle("online", this.store.isOnline(person.id));
        setText(part(option, "name"), person.name);
        setText(part(option, "about"), person.kind === "guest" || person.userId === person.name ? "" : person.userId);
        option.onclick = () => this.#take(person);
      },
    });
    const active = this.#offered[this.#active];
    if (active) this.#field.setAttribute("aria-activedescendant", `mention-${active.id}`);
    else this.#field.removeAttribute("aria-activedescendant");
  }
}
