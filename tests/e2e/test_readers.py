"""Alice sees who has read what she sent to a group."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def test_the_menu_of_an_own_message_lists_its_readers(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = (await bob.call("channel.create", kind="public", name="Painters", members=["alice"]))["target"]
        await open_channel(alice, "Painters")
        await say(alice, "hello all")
        push = await bob.push("msg", msg="hello all")
        await bob.call("read.mark", target=group, seq=push.data["seq"])
        await use_toolbar(shown(alice, "hello all"), "message-more")
        await alice.get_by_test_id("readers").click()
        await expect(alice.locator("[data-dialog=readers] h2")).to_have_text("Seen by 1")
        await expect(alice.get_by_test_id("reader")).to_contain_text(["Bob"])
        await screenshot(alice, "readers")
