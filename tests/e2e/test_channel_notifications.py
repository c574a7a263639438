"""Alice mutes a channel: on all her pages it no longer shows as unread, except for mentions."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def test_alice_mutes_a_group(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob, await Client.connect(site.acc) as phone:
        await bob.login_token(tokens["bob"])
        await phone.login_token(tokens["alice"])
        group = (await bob.call("channel.create", kind="public", name="Painters", members=["alice"]))["target"]
        painters = alice.get_by_test_id("channel-item").filter(has_text="Painters")
        await open_channel(alice, "Painters")
        await alice.get_by_test_id("channel-mute").click()
        assert (await phone.push("notifications.changed")).data["notifications"] == {"level": "default", "muted": True}
        await expect(painters.get_by_test_id("channel-muted")).to_be_visible()
        await alice.get_by_test_id("channel-level").click()
        await alice.get_by_test_id("level-none").click()
        assert (await phone.push("notifications.changed")).data["notifications"] == {"level": "none", "muted": True}
        await expect(alice.get_by_test_id("channel-level")).to_have_text("Notifications: Nothing")
        await screenshot(alice, "channel-muted")

        # The open channel is read at once, so another one is opened.
        await alice.get_by_test_id("channel-item").first.click()
        for text in ("hello", "@alice look"):
            await bob.call("message.send", target=group, type="text", msg=text)
        await expect(painters.get_by_test_id("mention-badge")).to_have_text("@1")
        await expect(painters.get_by_test_id("unread-badge")).to_be_hidden()
        await expect(alice).to_have_title("(1) Web · imsite")
        await phone.call("channel.notifications", target=group, muted=False)
        await expect(painters.get_by_test_id("unread-badge")).to_have_text("2")
        await expect(painters.get_by_test_id("channel-muted")).to_be_hidden()
