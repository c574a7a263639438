"""The settings dialog leads to all settings that the page has."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PREFERENCES = """async () => {
  const radios = ["language=en", "theme=system", "density=comfortable", "sort=latest"].map((each) => each.split("="));
  document.body.innerHTML = `<dialog id="dialog-preferences"><form>
    ${radios.map(([name, value]) => `<input type="radio" name="${name}" value="${value}">`).join("")}
    <fieldset data-part="sort"></fieldset>
    <button data-part="notifications" hidden></button><button data-part="shortcuts"></button><a data-part="profile"></a>
    <span data-part="zone"></span><button data-part="cancel"></button></form></dialog>`;
  // Phones show no notifications of a page, but those of its service worker.
  delete window.Notification;
  const { PreferencesDialog } = await import("/static/js/widgets/preferences-dialog.js");
  const store = { sidebar: { sort: "latest" } };
  const shown = (offersNotifications) => {
    const opened = [];
    const dialog = new PreferencesDialog({
      store, api: {}, timeZone: () => "", isGuest: () => false, offersNotifications,
      showNotifications: () => opened.push("notifications"), showShortcuts: () => opened.push("shortcuts"),
    });
    const hashes = ["#settings", "#settings/notifications", "#settings/shortcuts", "#settings/other", "#7"];
    const isNamed = hashes.map((hash) => {
      const known = dialog.openFor(hash);
      document.querySelector("dialog").close();
      return known;
    });
    return [isNamed, opened, document.querySelector("[data-part=notifications]").hidden];
  };
  return [shown(true), shown(false)];
}"""


async def test_notifications_are_offered_where_the_service_worker_shows_them(modules: Page) -> None:
    is_named = [True, True, True, False, False]
    assert await modules.evaluate(_PREFERENCES) == [
        [is_named, ["notifications", "shortcuts"], False],
        [is_named, ["shortcuts"], True],
    ]


_MAIL = """async (choice) => {
  document.body.innerHTML = `<fieldset id="mail-digest" hidden>
    ${[0, 4, 24].map((hours) => `<input type="radio" name="mail" value="${hours}">`).join("")}
    <a data-part="no-email"></a></fieldset><div id="toasts"></div>`;
  const { connectMailDigest } = await import("/static/js/widgets/mail-digest-setting.js");
  const asked = [];
  connectMailDigest(choice, { setMailDigest: async (hours) => void asked.push(hours) });
  const field = document.querySelector("fieldset");
  const daily = field.querySelector("[value='24']");
  daily.click();
  await Promise.resolve();
  const checked = field.querySelector(":checked")?.value ?? null;
  return [field.hidden, field.querySelector("a").hidden, asked, checked];
}"""


async def test_mails_are_chosen_where_the_site_sends_them_and_the_account_has_an_address(modules: Page) -> None:
    assert (await modules.evaluate(_MAIL, None))[0] is True
    assert await modules.evaluate(_MAIL, {"hours": 4, "hasEmail": True}) == [False, True, [24], "24"]
    assert await modules.evaluate(_MAIL, {"hours": 0, "hasEmail": False}) == [False, False, [], "0"]
