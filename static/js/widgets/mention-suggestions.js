/**
 * Suggests users of the channel while a name is typed after "@".
 *
 * @import { User } from "../net/wire-types.js"
 * @import { MemberLoader } from "../net/member-loader.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Query, Suggestion } from "./suggestion-list.js"
 */
import { part, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { MAX_SUGGESTIONS, isFullName, matchUsers, mentionQueryAt, mentionText } from "../lib/mentions.js";
import { isManager } from "../state/send-permission.js";
import { showAvatar, showChannelAvatar, showPresence } from "./avatar.js";

const EVERYBODY = ["all", "所有人"];

export class MentionSuggestions {
  template = "template-mention-option";
  label = /** @type {const} */ ("composer.mentions");
  queryAt = mentionQueryAt;
  #isLoading = false;
  #update = () => {};

  /**
   * @param {{store: Store, memberLoader: MemberLoader, mentionAll: "managers" | "members" | "nobody"}} deps
   *   `mentionAll`: the members of a group who can mention all
   */
  constructor({ store, memberLoader, mentionAll }) {
    this.mentionAll = mentionAll;
    this.store = store;
    this.memberLoader = memberLoader;
  }

  /** @param {() => void} update called when more members have been loaded */
  onFound(update) {
    this.#update = update;
  }

  /** @param {Query} query @returns {Suggestion[]} */
  find({ q }) {
    const matches = matchUsers(q, this.#candidates());
    if (matches.length < MAX_SUGGESTIONS) this.#loadMembers();
    const everybody = this.#everybody(q);
    // A single match that is typed in full leaves nothing to suggest.
    if (matches.length === 1 && isFullName(q, matches[0])) return [];
    const suggestions = matches.map((user) => ({
      id: user.id,
      text: `${mentionText(user)} `,
      needsMove: isFullName(q, user),
      render: (/** @type {HTMLElement} */ option) => this.#render(option, user),
    }));
    return [...suggestions, ...everybody].slice(0, MAX_SUGGESTIONS);
  }

  /** Return the suggestion that mentions all members, if the user can do so. @param {string} q @returns {Suggestion[]} */
  #everybody(q) {
    const { channel } = this.store;
    const isAllowed = this.mentionAll === "members" || (this.mentionAll === "managers" && isManager(channel?.role ?? null));
    const name = EVERYBODY.find((candidate) => candidate.startsWith(q.toLowerCase()));
    if (channel?.kind !== "public" || !isAllowed || !name) return [];
    /** @param {HTMLElement} option */
    const render = (option) => {
      showChannelAvatar(part(option, "avatar"), channel);
      setText(part(option, "name"), name);
      setText(part(option, "about"), t("mention.all"));
    };
    return [{ id: "all", text: `@${name} `, needsMove: q.toLowerCase() === name, render }];
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

  /** @param {HTMLElement} option @param {User} user */
  #render(option, user) {
    const { id, userId, name, kind } = user;
    const avatar = part(option, "avatar");
    showAvatar(avatar, user);
    showPresence(avatar, this.store.presence(id));
    setText(part(option, "name"), name);
    setText(part(option, "about"), kind === "guest" || userId === name ? "" : userId);
  }
}
