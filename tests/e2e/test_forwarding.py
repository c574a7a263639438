"""Alice forwards what Bob wrote to a group and to Carol."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def test_alice_forwards_a_message_with_a_comment(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob", "carol"])
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        for name in ("Source", "Readers"):
            group = await bob.call("channel.create", kind="public", name=name, members=["alice"])
            if name == "Source":
                await bob.call("message.send", target=group["target"], type="text", msg="The *plan* for Monday")
    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    await open_channel(alice, "Source")
    message = alice.get_by_test_id("message").filter(has_text="Monday")
    await message.hover()
    await message.get_by_test_id("message-more").click()
    await alice.get_by_test_id("forward").click()
    dialog = alice.locator("#dialog-forward")
    await expect(dialog.get_by_test_id("dialog-confirm")).to_be_disabled()
    for name in ("Readers", "Carol"):
        await dialog.get_by_test_id("forward-search").fill(name)
        await dialog.get_by_test_id("forward-option").filter(has_text=name).first.click()
    await dialog.get_by_test_id("forward-comment").fill("Have you seen this?")
    await screenshot(alice, "forward-dialog")
    await dialog.get_by_test_id("dialog-confirm").click()
    await expect(alice.get_by_test_id("notice")).to_contain_text("Forwarded to 2 chats.")

    for name in ("Readers", "Carol"):
        await open_channel(alice, name)
        comment, forwarded = (alice.get_by_test_id("message").nth(place) for place in (0, 1))
        await expect(comment.get_by_test_id("message-text")).to_have_text("Have you seen this?")
        await expect(forwarded.get_by_test_id("message-text")).to_have_text("The plan for Monday")
        await expect(forwarded.get_by_test_id("origin")).to_contain_text("Bob")
        await forwarded.hover()
        await expect(forwarded.get_by_test_id("message-edit")).to_be_hidden()
    await screenshot(alice, "forwarded")
