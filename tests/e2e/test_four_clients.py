"""Two browsers, an old client of `/ws` and a program at `/acc` share one conversation through two restarts of the site.

Each sees what it can show, once and in order.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from playwright.async_api import Page, expect

from chat.wire import im_pb2 as im
from imsite.client import Client, ClientConnection, Push
from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_threads import message
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.pictures import picture
from tests.support.protobuf_client import ProtobufClient
from tests.support.site import Site
from tests.support.waiting import wait_until


class OldClient:
    """A program of the old protocol: it keeps the greatest number that it was told, and syncs from there."""

    def __init__(self, url: str, token: str, user: int) -> None:
        self.url, self.token, self.user = url, token, user
        self.received: list[im.Message] = []
        self.greatest = 0

    async def connect(self) -> ProtobufClient:
        """Connect and fetch what was missed."""
        self.client = await ProtobufClient.connect(self.url, self.user)
        assert (await self.client.login(self.token, sync=self.greatest)).code == 200
        return self.client

    async def lose(self) -> None:
        """Note what the connection has received, once the server has ended it."""
        await self.client.closed()
        self.note()

    def note(self) -> None:
        pushed = sorted((*self.client.fetched, *self.client.messages), key=lambda received: received.seq)
        assert not self.client.calls
        self.received += pushed
        self.greatest = max(self.greatest, self.client.greatest)


async def collect(line: ClientConnection, pushes: list[Push]) -> None:
    async for push in line:
        pushes.append(push)


async def write(page: Page, text: str) -> None:
    """Send a text by the page, and wait until it is stored."""
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")
    await expect(message(page, "timeline", text)).to_have_attribute("data-state", "sent")


async def test_each_client_sees_what_it_can_through_two_restarts(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob", "carol", "dave"])
    async with Client(site.url, token=tokens["dave"]) as dave, dave.listen() as line:
        pushes: list[Push] = []
        collecting = asyncio.create_task(collect(line, pushes))
        group = (await line.call("channel.create", kind="public", name="Painters", members=["alice", "bob", "carol"]))[
            "target"
        ]
        (carol,) = (await line.call("person.search", q="carol"))["persons"]
        old = OldClient(site.acc.replace("/acc", "/ws"), tokens["carol"], int(carol["id"]))
        phone = await old.connect()
        alice, bob = await person("alice"), await person("bob", width=390, has_touch=True, is_mobile=True)
        await sign_in(alice, site, "alice")
        await sign_in(bob, site, "bob", by_touch=True)
        await open_channel(alice, "Painters")
        await bob.get_by_test_id("channel-item").filter(has_text="Painters").tap()

        await write(alice, "first")
        await phone.message("first")
        assert (await phone.send("group", int(group), picture(), type="picture")).code == 200
        await line.send("second", target=group)
        await phone.message("second")
        await alice.get_by_test_id("composer").press("ArrowUp")
        await write(alice, "first, corrected")
        await use_toolbar(message(alice, "timeline", "second"), "message-react")
        await alice.get_by_test_id("emoji-choice").first.click()
        await wait_until(lambda: any(push.cmd == "message.reacted" for push in pushes))
        await message(alice, "timeline", "first").focus()
        await alice.keyboard.press("t")
        await alice.get_by_test_id("thread-composer").fill("an answer")
        await alice.get_by_test_id("thread-composer").press("Enter")
        await phone.message("an answer")

        await asyncio.to_thread(site.restart)
        await old.lose()
        first = next(push.data["id"] for push in pushes if push.data.get("msg") == "first")
        await line.send("another answer", target=group, thread=first)
        phone = await old.connect()
        assert (await phone.send("group", int(group), "third")).code == 200
        await write(alice, "fourth")
        await phone.message("fourth")
        await alice.get_by_test_id("composer").press("ArrowUp")
        await write(alice, "fourth, corrected")
        await line.send("", target=group, attachments=[await dave.upload(picture(size=(90, 60)))])
        await phone.until(lambda: any(one.message_type == im.MT_PICTURE for one in phone.messages))

        await asyncio.to_thread(site.kill)
        await asyncio.to_thread(site.start)
        await old.lose()
        await write(alice, "fifth")
        phone = await old.connect()
        assert (await phone.send("group", int(group), "sixth")).code == 200
        await wait_until(lambda: any(push.data.get("msg") == "sixth" for push in pushes))
        await phone.settle()
        old.note()
        await phone.close()
        collecting.cancel()
        with suppress(asyncio.CancelledError):
            await collecting

        # The pages have everything.
        for page in (alice, bob):
            timeline = page.get_by_test_id("timeline")
            texts = ["first, corrected", "", "second", "third", "fourth, corrected", "", "fifth", "sixth"]
            await expect(timeline.get_by_test_id("message-text")).to_have_text(texts)
            await expect(timeline.get_by_test_id("attachment-image")).to_have_count(2)
            await expect(message(page, "timeline", "first").get_by_test_id("thread-link")).to_contain_text("2 answers")
            await expect(message(page, "timeline", "second").get_by_test_id("reaction")).to_have_text("👍1")
        await expect(alice.get_by_test_id("thread").get_by_test_id("message-text")).to_have_text(
            ["first, corrected", "an answer", "another answer"]
        )

    # The program has the events of the others in the order of the log.
    shown = [
        (push.cmd, push.data.get("msg", "")) for push in pushes if push.cmd.startswith("m") and not line.is_own(push)
    ]
    assert shown == [
        ("msg", "first"),
        ("msg", "[picture.jpg]"),
        ("message.edited", "first, corrected"),
        ("message.reacted", ""),
        ("msg", "an answer"),
        ("msg", "third"),
        ("msg", "fourth"),
        ("message.edited", "fourth, corrected"),
        ("msg", "fifth"),
        ("msg", "sixth"),
    ]
    positions = [push.position for push in pushes if push.position is not None]
    assert positions == sorted(set(positions))

    # The old client has each message of the others once, in order, as texts and pictures.
    seen = [one for one in old.received if one.sender_id != old.user]
    numbers = [one.seq for one in seen]
    assert numbers == sorted(set(numbers))
    assert [one.content.decode() if one.message_type == im.MT_TEXT else "picture" for one in seen] == [
        "first", "second", "an answer", "another answer", "fourth", "picture", "fifth",
    ]  # fmt: skip
