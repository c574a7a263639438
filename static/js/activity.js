/**
 * Connects the parts that tell what users are doing at the moment.
 *
 * @import { Socket } from "./net/socket.js"
 * @import { ThreadConversation } from "./net/thread-conversation.js"
 * @import { Store } from "./net/state/store.js"
 * @import { Composer } from "./widgets/composer.js"
 * @import { ThreadComposer } from "./widgets/thread-composer.js"
 */
import { byId } from "./lib/dom.js";
import { TypingSync } from "./net/typing-sync.js";
import { reportActivity } from "./page/activity.js";
import { presenceMode } from "./state/presence-mode.js";
import { TypingLine } from "./widgets/typing-line.js";

/**
 * @param {{socket: Socket, store: Store, composer: Composer, threadComposer: ThreadComposer,
 *   threadConversation: ThreadConversation}} deps
 */
export function connectActivity({ socket, store, composer, threadComposer, threadConversation }) {
  reportActivity(socket, () => store.me?.kind === "guest");
  presenceMode.follow(socket);
  const typing = new TypingSync({ socket, store });
  const place = () => ({ target: store.currentTarget });
  const line = new TypingLine(byId("composer-form", HTMLFormElement), { typing, composer, place });
  store.on("current", () => line.render());
  const threadPlace = () => ({ target: store.currentTarget, threadId: threadConversation.current?.id ?? "-" });
  const threadLine = new TypingLine(threadComposer.form, { typing, composer: threadComposer, place: threadPlace });
  for (const type of /** @type {const} */ (["opened", "closed"])) threadConversation.on(type, () => threadLine.render());
}
