/** The header above the timeline: the open channel, and who is online or how many members it has; a star for favourites. */

/** @import { Channel } from "../net/wire-types.js" */
/** @import { ChatApi } from "../net/chat-api.js" */
/** @import { Store } from "../net/state/store.js" */
import { isolate } from "../lib/bidi.js";
import { byId, part, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { throttleRender } from "../lib/throttle.js";
import { showChannelAvatar, showPresence } from "./avatar.js";
import { showErrorToast } from "./toast.js";

export class ChannelHeader {
  #avatar = byId("channel-avatar");

  #star = byId("star-toggle");

  /** @param {Store} store @param {ChatApi} api */
  constructor(store, api) {
    this.store = store;
    this.#star.addEventListener("click", () => {
      const { channel } = store;
      if (channel) api.starChannel(channel.target, !channel.starred).catch(showErrorToast);
    });
    const render = throttleRender(() => this.render());
    for (const type of /** @type {const} */ (["channels", "current", "presence", "contacts"])) store.on(type, render);
    language.on("change", render);
  }

  render() {
    const { channel } = this.store;
    this.#avatar.hidden = !channel;
    setText(byId("channel-title"), channel?.name ?? "");
    const subtitle = channel ? this.#subtitle(channel) : "";
    setText(byId("channel-subtitle"), channel?.topic ? `${subtitle} · ${isolate(channel.topic)}` : subtitle);
    byId("channel-subtitle").title = channel?.topic ?? "";
    this.#renderStar(channel);
    const requests = channel?.joinRequests ?? 0;
    const badge = part(byId("details-toggle"), "badge");
    badge.hidden = requests === 0;
    setText(badge, String(requests));
    byId("details-toggle").setAttribute("aria-label", requests ? `${t("channel.details")} · ${t("details.requests", { n: requests })}` : t("channel.details"));
    if (!channel) return;
    showChannelAvatar(this.#avatar, channel);
    showPresence(this.#avatar, channel.peer ? this.store.presence(channel.peer.id) : "offline");
  }

  /** @param {Channel | null} channel */
  #renderStar(channel) {
    const isStarred = channel?.starred === true;
    const label = t(isStarred ? "star.remove" : "star.add");
    this.#star.hidden = !channel || this.store.me?.kind !== "person";
    this.#star.setAttribute("aria-pressed", String(isStarred));
    this.#star.setAttribute("aria-label", label);
    this.#star.title = label;
    this.#star.classList.toggle("starred", isStarred);
  }

  /** @param {Channel} channel */
  #subtitle({ kind, peer, closed, memberCount }) {
    if (kind === "global") return t("channel.online", { n: this.store.onlineCount });
    if (kind === "private") {
      if (peer?.active === false) return t("presence.inactive");
      const presence = t(`presence.${peer ? this.store.presence(peer.id) : "offline"}`);
      return peer?.status ? `${presence} · ${peer.status}` : presence;
    }
    const members = t("channel.members", { n: memberCount ?? 0 });
    return closed ? `${members} · ${t("channel.closed")}` : members;
  }
}
