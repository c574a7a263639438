/** Connects the buttons beside a message, in the timeline and in the thread panel. */

/** @import { Message } from "./net/wire-types.js" */
/** @import { Conversation } from "./net/conversation.js" */
/** @import { EmojiPreferences } from "./state/emoji-preferences.js" */
/** @import { Store } from "./net/state/store.js" */
/** @import { MessageRow } from "./state/timeline-rows.js" */
/** @import { Composer } from "./widgets/composer.js" */
/** @import { Layout } from "./widgets/layout.js" */
/** @import { MessageMenu } from "./widgets/message-menu.js" */
/** @import { MessageActions } from "./widgets/message-toolbar.js" */
/** @import { ThreadPanel } from "./widgets/thread-panel.js" */
/** @import { Timeline } from "./widgets/timeline.js" */
import { copyText } from "./lib/clipboard.js";
import { t } from "./lib/i18n.js";
import { messageText } from "./net/state/message-content.js";
import { confirmAction } from "./widgets/dialog.js";
import { openEmojiPicker } from "./widgets/emoji-picker.js";
import { openMenu } from "./widgets/menu.js";
import { MessageToolbar } from "./widgets/message-toolbar.js";
import { messageSummary } from "./widgets/message.js";
import { showToast } from "./widgets/toast.js";

/**
 * Add the toolbars of messages.
 * @param {{store: Store, conversation: Conversation, composer: Composer, timeline: Timeline, threadPanel: ThreadPanel,
 *   layout: Layout, messageMenu: MessageMenu, emojiPreferences: EmojiPreferences,
 *   react: (message: Message, emoji: string, isAdded: boolean) => void, openThread: (message: Message) => void}} options
 */
export function connectMessageActions(options) {
  const { store, conversation, composer, timeline, threadPanel, layout, messageMenu, emojiPreferences, react, openThread } = options;
  /** @type {MessageActions} */
  const messageActions = {
    react: ({ message }, button) => {
      const choose = (/** @type {string} */ emoji) => react(message, emoji, true);
      openEmojiPicker(button, { preferences: emojiPreferences, choose });
    },
    edit: ({ message }) => {
      if (layout.isPanelOverTimeline) layout.closePanel();
      composer.edit(message);
    },
    copy: async ({ message }) => {
      if (await copyText(messageText(message))) showToast(t("message.copied"));
    },
    recall: ({ message }) => {
      const texts = { title: t("recall.title"), text: t("recall.text"), confirm: t("recall.confirm"), quote: messageSummary(message) };
      confirmAction(texts, () => conversation.recall(message));
    },
    save: (row) => messageMenu.toggleSaved(row),
    more: (row, button) => openMenu(button, messageMenu.items(row)),
  };
  const hasMenu = (/** @type {MessageRow} */ row) => messageMenu.items(row).length > 0;
  new MessageToolbar({ timeline: threadPanel, store, hasMenu, actions: messageActions });
  new MessageToolbar({
    timeline,
    store,
    hasMenu,
    actions: {
      ...messageActions,
      reply: ({ message }) => composer.replyTo(message),
      thread: ({ message }, button) => {
        // The toolbar moves away; the message gets the focus back.
        button.closest("article")?.focus({ preventScroll: true });
        openThread(message);
      },
    },
  });
}
