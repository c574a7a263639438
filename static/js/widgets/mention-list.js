/**
 * The suggestions for a user name while it is typed after "@" in the composer.
 *
 * @import { User } from "../net/wire-types.js"
 * @import { MentionQuery } from "../lib/mentions.js"
 * @import { MemberLoader } from "../net/member-loader.js"
 * @import { Store } from "../state/store.js"
 */
import { byId, cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { MAX_SUGGESTIONS, isFullName, matchUsers, mentionQueryAt, mentionText } from "../lib/mentions.js";
import { showAvatar, showPresence } from "./avatar.js";

export class MentionList {
  #list = byId("mention-list");
  #field = byId("composer", HTMLTextAreaElement);
  /** @type {User[]} */ #suggestions = [];
  /** @type {MentionQuery | null} */ #query = null;
  #activeIndex = 0;
  /** True if the user has moved in the list; Enter then takes the active suggestion. */ #hasMoved = false;
  /** The index of an "@" whose suggestions the user has closed; -1: none. */ #dismissedStart = -1;
  #isLoading = false;

  /** @param {{store: Store, memberLoader: MemberLoader}} deps */
  constructor({ store, memberLoader }) {
    this.store = store;
    this.memberLoader = memberLoader;
    document.addEventListener("selectionchange", () => this.#update());
    this.#field.addEventListener("input", () => this.#update());
    this.#field.addEventListener("blur", () => this.#setQuery(null));
    store.on("current", () => this.#setQuery(null));
    // The field must keep the focus.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  /**
   * Handle a key of the composer, for which `isInputMethodKey` is false. Returns whether the key was for the list.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    const count = this.#suggestions.length;
    const active = this.#suggestions[this.#activeIndex];
    if (!active || shiftKey || ctrlKey || altKey || metaKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const isChosen = key === "Tab" || (key === "Enter" && (this.#hasMoved || !isFullName(this.#query?.q ?? "", active)));
    if (step) {
      this.#activeIndex = (this.#activeIndex + step + count) % count;
      this.#hasMoved = true;
      this.#render();
    } else if (key === "Escape") {
      this.#dismissedStart = this.#query?.start ?? -1;
      this.#setQuery(null);
    } else if (isChosen) this.#insert(active);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #update() {
    const { selectionStart, selectionEnd, value } = this.#field;
    const hasCaret = document.activeElement === this.#field && selectionStart === selectionEnd;
    const query = hasCaret ? mentionQueryAt(value, selectionEnd) : null;
    if (query?.start !== this.#dismissedStart) this.#dismissedStart = -1;
    this.#setQuery(this.#dismissedStart < 0 ? query : null);
  }

  /** @param {MentionQuery | null} query */
  #setQuery(query) {
    if (query?.q !== this.#query?.q || query?.start !== this.#query?.start) this.#hasMoved = false;
    const activeId = this.#hasMoved ? this.#suggestions[this.#activeIndex]?.id : "";
    this.#query = query;
    const matches = query ? matchUsers(query.q, this.#candidates()) : [];
    // A single match that is typed in full leaves nothing to suggest.
    const isComplete = query && matches.length === 1 && isFullName(query.q, matches[0]);
    this.#suggestions = isComplete ? [] : matches;
    this.#activeIndex = Math.max(0, this.#suggestions.findIndex(({ id }) => id === activeId));
    this.#render();
    if (query && matches.length < MAX_SUGGESTIONS) this.#loadMembers();
  }

  /** The users who can be mentioned in the channel; those who wrote last come first. */
  #candidates() {
    const { channel, log, me, members, online } = this.store;
    const isGlobal = channel?.kind === "global";
    const known = [
      ...(channel?.peer ? [channel.peer] : []),
      ...(isGlobal ? online.values() : []),
      ...(members.get(channel?.target ?? "")?.members ?? []),
    ];
    const knownById = new Map(known.map((user) => [user.id, user]));
    /** @type {Map<string, User>} */
    const candidates = new Map();
    for (const { fromId, from, name, avatar } of [...(log?.messages ?? [])].reverse()) {
      /** @type {User} */
      const sender = { id: fromId, userId: from, name, avatar, kind: "person" };
      // In a group, only members are notified.
      const user = knownById.get(fromId) ?? (isGlobal ? sender : undefined);
      if (user && !candidates.has(fromId)) candidates.set(fromId, user);
    }
    for (const user of known) if (!candidates.has(user.id)) candidates.set(user.id, user);
    candidates.delete(me?.id ?? "");
    return [...candidates.values()];
  }

  /** Load more members of a group as long as few of the known ones match. */
  async #loadMembers() {
    const { channel, members } = this.store;
    const known = channel && members.get(channel.target);
    if (this.#isLoading || channel?.kind !== "public" || (known && !known.hasMore)) return;
    this.#isLoading = true;
    try {
      await this.memberLoader.load(channel.target, Boolean(known));
    } catch {
      // The next key tries again.
      return;
    } finally {
      this.#isLoading = false;
    }
    this.#update();
  }

  /** @param {User} user */
  #insert(user) {
    if (!this.#query) return;
    this.#field.setRangeText(`${mentionText(user)} `, this.#query.start, this.#field.selectionEnd, "end");
    this.#field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  #render() {
    const active = this.#suggestions[this.#activeIndex];
    this.#list.hidden = this.#suggestions.length === 0;
    reconcile(this.#list, this.#suggestions, {
      key: ({ id }) => id,
      create: () => cloneTemplate("template-mention-option"),
      update: (option, user) => {
        const { id, userId, name, kind } = user;
        option.id = `mention-${id}`;
        option.setAttribute("aria-selected", String(user === active));
        const avatar = part(option, "avatar");
        showAvatar(avatar, user);
        showPresence(avatar, this.store.isOnline(id));
        setText(part(option, "name"), name);
        setText(part(option, "about"), kind === "guest" || userId === name ? "" : userId);
        option.onclick = () => this.#insert(user);
      },
    });
    if (active) this.#field.setAttribute("aria-activedescendant", `mention-${active.id}`);
    else this.#field.removeAttribute("aria-activedescendant");
  }
}
