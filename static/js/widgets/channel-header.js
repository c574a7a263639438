/** The line above the timeline: which channel this is, and who is there. */
/** @import { Store } from "../state/store.js" */
import { byId, setText, soon } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { showChannelAvatar } from "./avatar.js";

export class Head {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    const render = soon(() => this.render());
    for (const type of ["channels", "current", "presence", "circle"]) store.addEventListener(type, render);
    language.addEventListener("change", render);
  }

  render() {
    const { channel } = this.store;
    byId("channel-avatar").hidden = !channel;
    setText(byId("channel-title"), channel?.name ?? "");
    setText(byId("channel-subtitle"), channel ? this.#about(channel) : "");
    if (!channel) return;
    showChannelAvatar(byId("channel-avatar"), channel);
    byId("channel-avatar").classList.toggle("online", Boolean(channel.peer && this.store.isOnline(channel.peer.id)));
  }

  /** @param {import("../net/protocol.js").Channel} channel */
  #about({ kind, peer, closed, memberCount }) {
    if (kind === "global") return t("channel.online", { n: this.store.onlineCount });
    if (kind === "private") {
      const presence = t(peer && this.store.isOnline(peer.id) ? "presence.online" : "presence.offline");
      return peer?.status ? `${presence} · ${peer.status}` : presence;
    }
    const members = t("channel.members", { n: memberCount ?? 0 });
    return closed ? `${members} · ${t("channel.closed")}` : members;
  }
}
