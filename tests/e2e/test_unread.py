"""The badge of a channel counts what there is to read: no recalled message, and none that retention deleted."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

_EXPIRE = (
    "from chat.actions.retention import channel_delete_expired; channel_delete_expired(channel_id={}, before=2**62)"
)


async def test_recalled_and_expired_messages_leave_the_badge(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = (await bob.call("channel.create", kind="public", name="Unread", members=["alice"]))["target"]
        sent = [await bob.call("message.send", target=group, type="text", msg=text) for text in ("a", "b", "c")]
        link = alice.get_by_test_id("channel-item").filter(has_text="Unread")
        badge = link.get_by_test_id("unread-badge")
        await expect(badge).to_have_text("3")

        await bob.call("message.recall", target=group, id=sent[1]["id"])
        await expect(badge).to_have_text("2")
        # Another process does it, as `manage.py retention` does.
        site.manage("shell", "--no-imports", "-c", _EXPIRE.format(group))
        await expect(badge).to_be_hidden()
        await bob.call("message.send", target=group, type="text", msg="d")
        await expect(badge).to_have_text("1")
        await link.click()
        await expect(alice.get_by_test_id("message")).to_have_count(1)
        await expect(badge).to_be_hidden()
