"""Alice sees who is typing, and others see that she does."""

from __future__ import annotations

import asyncio
import contextlib

from playwright.async_api import Locator, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def type_until_shown(bob: Client, place: Locator, **where: str) -> None:
    """Let Bob type as clients do until the page shows it, because it shows each notice for some seconds only."""
    async with asyncio.timeout(60):
        while True:
            await bob.call("typing", **where)
            with contextlib.suppress(AssertionError):
                await expect(place).to_have_text("Bob is typing…", timeout=3_000)
                return


async def test_typing_is_shown_above_the_composers(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    async with await Client.connect(f"{site.acc}?activity=1") as bob:
        await bob.login_token(tokens["bob"])
        group = (await bob.call("channel.create", kind="public", name="Painters", members=["alice"]))["target"]
        root = await bob.call("message.send", target=group, type="text", msg="hello")
        await open_channel(alice, "Painters")

        await type_until_shown(bob, alice.get_by_test_id("typing"), target=group)
        await screenshot(alice, "typing")
        await bob.call("message.send", target=group, type="text", msg="done")
        await expect(alice.get_by_test_id("typing")).to_have_text("")

        await alice.get_by_test_id("composer").press_sequentially("I think")
        push = await bob.push("typing", target=group)
        assert "threadId" not in push.data and push.data["by"]["userId"] == "alice"
        await use_toolbar(alice.get_by_test_id("message").first, "message-thread")
        await alice.get_by_test_id("thread-composer").press_sequentially("yes")
        await bob.push("typing", target=group, threadId=root["id"])
        await type_until_shown(bob, alice.get_by_test_id("thread-typing"), target=group, threadId=root["id"])
        await expect(alice.get_by_test_id("typing")).to_have_text("")
