/** The texts and the icon of notifications that the service worker shows, in the language of the page. */
import { find } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** Return the words around names; the worker fills in the names. */
export function pushTexts() {
  const [name, channel, n] = ["{name}", "{channel}", "{n}"];
  return {
    title: document.title.split(" · ").at(-1) ?? "imsite",
    from: t("notifications.from", { name, channel }),
    several: t("timeline.newMessages", { n }),
    hiddenText: t("notifications.hiddenText"),
    testTitle: t("notifications.title"),
    testBody: t("notifications.testText"),
  };
}

export function pushIcon() {
  return find(document, "link[rel=icon]", HTMLLinkElement).href;
}
