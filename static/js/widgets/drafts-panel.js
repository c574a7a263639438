/**
 * The panel with the unsent texts of the user, except for those in the open composers. Each leads to its channel or thread.
 *
 * @import { ThreadConversation } from "../net/thread-conversation.js"
 * @import { Drafts, ListedDraft } from "../state/drafts.js"
 * @import { Store } from "../net/state/store.js"
 * @import { Layout } from "./layout.js"
 */
import { byId, cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { formatUnreadCount } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { summaryLine } from "../lib/markup.js";
import { throttleRender } from "../lib/throttle.js";
import { draftNameOf } from "../state/drafts.js";
import { showChannelAvatar } from "./avatar.js";
import { confirmAction } from "./dialog.js";
import { showListPlaceholder } from "./list-placeholder.js";

export class DraftsPanel {
  #panel = byId("drafts");
  #list = byId("draft-list");
  #button = byId("drafts-toggle");

  /**
   * @param {{drafts: Drafts, store: Store, layout: Layout, conversation: ThreadConversation,
   *   open: (target: string) => void}} deps
   */
  constructor({ drafts, store, layout, conversation, open }) {
    this.drafts = drafts;
    this.store = store;
    this.conversation = conversation;
    this.open = open;
    const render = throttleRender(() => this.render());
    for (const type of /** @type {const} */ (["me", "channels", "current"])) store.on(type, render);
    for (const type of /** @type {const} */ (["text", "changed-elsewhere"])) drafts.on(type, render);
    for (const type of /** @type {const} */ (["opened", "closed"])) conversation.on(type, render);
    language.on("change", render);
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      layout.closePanel();
    });
  }

  /** Called when the panel has become visible. */
  onShown() {
    part(this.#panel, "close").focus();
    this.render();
  }

  /** The drafts of channels that the user is in, those of the latest active channels first. @returns {ListedDraft[]} */
  get #listed() {
    const { channels, currentTarget } = this.store;
    const { current } = this.conversation;
    const open = new Set([currentTarget, current && draftNameOf(current.id)]);
    const activity = (/** @type {ListedDraft} */ { target }) => channels.get(target)?.activeAt ?? 0;
    const listed = this.drafts.list().filter(({ name, target }) => channels.has(target) && !open.has(name));
    return listed.sort((a, b) => activity(b) - activity(a) || a.name.localeCompare(b.name));
  }

  render() {
    const listed = this.#listed;
    this.#button.hidden = listed.length === 0 && this.#panel.hidden;
    setText(part(this.#button, "count"), formatUnreadCount(listed.length));
    if (this.#panel.hidden) return;
    reconcile(this.#list, listed, {
      key: ({ name }) => name,
      create: () => cloneTemplate("template-draft"),
      update: (item, draft) => this.#renderDraft(item, draft),
    });
    showListPlaceholder(part(this.#panel, "placeholder"), listed.length ? null : { empty: t("drafts.none") });
  }

  /** @param {HTMLElement} item @param {ListedDraft} draft */
  #renderDraft(item, { name, target, threadId, text }) {
    const channel = this.store.channels.get(target);
    if (!channel) return;
    const open = part(item, "open");
    open.dataset.target = target;
    open.onclick = () => {
      this.open(target);
      if (threadId) this.conversation.open({ target, id: threadId });
    };
    showChannelAvatar(part(item, "avatar"), channel);
    setText(part(item, "name"), channel.name);
    part(item, "thread").hidden = !threadId;
    setText(part(item, "text"), summaryLine(text));
    const remove = part(item, "delete");
    remove.setAttribute("aria-label", t("drafts.delete", channel));
    remove.title = t("drafts.delete", channel);
    const texts = { title: t("drafts.deleteTitle"), text: "", quote: summaryLine(text), confirm: t("drafts.deleteConfirm") };
    remove.onclick = () => confirmAction(texts, async () => this.drafts.discard(name));
  }
}
