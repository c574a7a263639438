/**
 * The dialog that lists the members who have read a message of the user.
 *
 * @import { Message, User } from "../net/wire-types.js"
 * @import { ChatApi } from "../net/chat-api.js"
 */
import { cloneTemplate, part, reconcile, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showAvatar } from "./avatar.js";
import { openDialog } from "./dialog.js";
import { showListPlaceholder } from "./list-placeholder.js";

/** The number of times that the dialog was opened. */
let openings = 0;

/** @param {ChatApi} api @param {Message} message */
export async function showReaders(api, message) {
  const { dialog, showError } = openDialog("dialog-readers");
  /** @type {User[]} */
  let readers = [];
  const more = part(dialog, "more", HTMLButtonElement);
  const opening = ++openings;
  const load = async () => {
    more.disabled = true;
    try {
      const page = await api.readers(message, readers.at(-1)?.id);
      // Meanwhile the dialog may have been opened for another message.
      if (opening !== openings) return;
      readers = [...readers, ...page.readers];
      setText(part(dialog, "title"), t("readers.title", { n: page.count }));
      more.hidden = !page.hasMore;
      showListPlaceholder(part(dialog, "placeholder"), readers.length ? null : { empty: t(page.shown ? "readers.none" : "readers.tooMany") });
      show(part(dialog, "list"), readers);
    } catch (error) {
      if (opening !== openings) return;
      showListPlaceholder(part(dialog, "placeholder"), null);
      showError(error);
    }
    more.disabled = false;
  };
  setText(part(dialog, "title"), t("readers.item"));
  more.hidden = true;
  more.onclick = load;
  show(part(dialog, "list"), []);
  showListPlaceholder(part(dialog, "placeholder"), { isLoading: true });
  await load();
}

/** @param {HTMLElement} list @param {User[]} readers */
function show(list, readers) {
  reconcile(list, readers, {
    key: ({ id }) => id,
    create: () => cloneTemplate("template-reader"),
    update: (item, user) => {
      showAvatar(part(item, "avatar"), user);
      setText(part(item, "name"), user.name);
    },
  });
}
