"""Alice saves a message on her desktop and finds it on her phone."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_threads import message
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def test_alice_saves_on_her_desktop_and_removes_on_her_phone(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    async with await Client.connect(site.acc) as client:
        await client.login_token(tokens["bob"])
        group = await client.call("channel.create", kind="public", name="Painters", members=["alice"])
        for text in ("The museum opens at *ten*.", "Bring a **pencil**, not a pen."):
            await client.call("message.send", target=group["target"], type="text", msg=text)
    desktop = await person("alice", width=1280)
    await sign_in(desktop, site, "alice")
    phone = await person(
        "alice's phone", width=390, height=800, locale="zh-CN", has_touch=True, is_mobile=True, color_scheme="dark"
    )
    await sign_in(phone, site, "alice", by_touch=True)

    await desktop.get_by_test_id("saved-toggle").click()
    await expect(desktop.get_by_test_id("saved-state")).to_contain_text("Save for later")
    await screenshot(desktop, "saved-none")
    await open_channel(desktop, "Painters")
    # By mouse, and by keyboard.
    museum, pencil = message(desktop, "timeline", "museum"), message(desktop, "timeline", "pencil")
    await use_toolbar(museum, "message-more")
    await screenshot(desktop, "saved-menu")
    await desktop.get_by_test_id("save").click()
    await expect(museum.get_by_test_id("message-saved")).to_be_visible()
    await pencil.focus()
    await desktop.keyboard.press("s")
    entries = desktop.get_by_test_id("saved-entry")
    await expect(entries).to_contain_text(["Bring a pencil", "The museum"])
    await screenshot(desktop, "saved")

    # The phone knows of both; an entry leads to its message.
    await phone.get_by_test_id("saved-toggle").tap()
    on_phone = phone.get_by_test_id("saved-entry")
    await expect(on_phone).to_have_count(2)
    await screenshot(phone, "saved-phone")
    await on_phone.filter(has_text="museum").get_by_test_id("saved-open").tap()
    await expect(message(phone, "timeline", "museum").get_by_test_id("message-saved")).to_be_visible()
    await expect(phone.get_by_test_id("saved")).to_be_hidden()
    await screenshot(phone, "saved-mark-phone")

    await phone.get_by_test_id("back").tap()
    await phone.get_by_test_id("saved-toggle").tap()
    await on_phone.filter(has_text="museum").get_by_test_id("saved-remove").tap()
    # A notice is not hidden while its action has the focus.
    await phone.get_by_test_id("notice-action").focus()
    await expect(entries).to_have_count(1)
    await expect(museum.get_by_test_id("message-saved")).to_be_hidden()
    await phone.get_by_test_id("notice-action").tap()
    await expect(entries).to_contain_text(["The museum", "Bring a pencil"])
    await expect(museum.get_by_test_id("message-saved")).to_be_visible()
