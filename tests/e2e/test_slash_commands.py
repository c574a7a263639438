"""Alice calls slash commands on a desktop in English, Bob on a phone in Chinese."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.site import Site
from tests.support.slash import SlashService

_REGISTER = (
    "from accounts.actions import system_user; from chat.slash.actions import slash_command_create;"
    "slash_command_create(creator=system_user(), name='deploy', description='Deploy a branch.', url='{}')"
)


async def test_alice_and_bob_call_commands(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice", width=1280)
    await sign_in(alice, site, "alice")
    bob = await person(
        "bob", width=390, height=800, locale="zh-CN", has_touch=True, is_mobile=True, color_scheme="dark"
    )
    await sign_in(bob, site, "bob", by_touch=True)
    field, notes = alice.get_by_test_id("composer"), alice.get_by_test_id("slash-note")
    with SlashService() as service:
        site.manage("shell", "-c", _REGISTER.format(service.url))
        service.says("ephemeral", "**main** is green. <b>Really</b>")

        await field.press_sequentially("/")
        await expect(alice.get_by_test_id("slash-option").first).to_contain_text("/me")
        await expect(alice.get_by_test_id("slash-option").last).to_contain_text("/deploy")
        await screenshot(alice, "slash-commands")
        await field.press_sequentially("m")
        await field.press("Tab")
        await expect(field).to_have_value("/me ")
        await field.press_sequentially("waves")
        await field.press("Enter")
        for page in (alice, bob):
            await expect(page.locator(".message.action .message-text")).to_have_text("waves")

        await say(alice, "/deploy main")
        await expect(notes).to_contain_text("main is green. <b>Really</b>")
        await expect(notes).to_contain_text("deploy · Only you can see this")
        assert service.calls[0]["text"] == "main"

    # An unknown command is neither sent nor lost.
    await say(alice, "/nope now")
    await expect(alice.get_by_test_id("notice")).to_contain_text("There is no command /nope here.")
    await expect(field).to_have_value("/nope now")
    await say(alice, "//nope now")
    await expect(shown(bob, "/nope now")).to_have_text("/nope now")

    await say(alice, "/dnd 1h")
    await expect(notes.last).to_contain_text("Do not disturb is on until")
    await screenshot(alice, "slash-notes")
    await alice.locator("#account-menu").click()
    await alice.get_by_test_id("do-not-disturb").click()
    await notes.last.get_by_test_id("slash-note-close").click()
    await expect(notes).to_have_count(1)

    await bob.get_by_test_id("composer").fill("/help")
    await bob.get_by_test_id("composer-send").tap()
    await expect(bob.get_by_test_id("slash-note")).to_contain_text("/me <action> 说说你在做什么")
    await screenshot(bob, "slash-help-phone")

    # The list of commands does not stay when the text has gone.
    await say(alice, "/help")
    await expect(notes.last).to_contain_text("/me <action>")
    await expect(alice.get_by_test_id("slash-option")).to_have_count(0)
