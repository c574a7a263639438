"""The dialog of notifications offers what this browser can do."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_DIALOG = """async () => {
  const boxes = ["direct", "mentions", "threads", "sound", "showsText", "push"];
  document.body.innerHTML = `<dialog id="dialog-notifications"><form>
    ${["direct", "all", "none"].map((value) => `<input type="radio" name="level" value="${value}">`).join("")}
    ${boxes.map((name) => `<input type="checkbox" name="${name}">`).join("")}
    ${["kinds", "push", "push-hint"].map((name) => `<div data-part="${name}"></div>`).join("")}
    <button data-part="push-test"></button><button data-part="cancel"></button></form></dialog>`;
  // Phones show no notifications of a page.
  Object.defineProperty(navigator, "userAgent", { value: "Android" });
  const { openNotificationDialog } = await import("/static/js/widgets/notification-dialog.js");
  const settings = { current: { level: "none", ...Object.fromEntries(boxes.map((name) => [name, true])) } };
  const dialog = document.querySelector("dialog"), box = document.querySelector("[name=push]");
  return ["off", "on", "guest", "denied", "unsupported", "home-screen"].map((status) => {
    const webPush = { isOffered: true, isOn: status === "on", status: () => status };
    openNotificationDialog({ settings, webPush, isGuest: status === "guest" });
    const isChecked = box.checked;
    dialog.close();
    return `${status} ${isChecked}`;
  });
}"""


async def test_notifications_without_a_page_are_chosen_only_where_they_are_possible(modules: Page) -> None:
    states = await modules.evaluate(_DIALOG)
    possible = ["off true", "on true"]
    assert states == [*possible, "guest false", "denied false", "unsupported false", "home-screen false"]
