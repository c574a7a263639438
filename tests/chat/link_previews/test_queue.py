"""A node previews what it has stored, after the commit, once for all messages with the same link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from accounts.models import User
from chat.models import Channel, LinkPreview, Message
from delivery.db.executors import run
from tests.support.in_process import LocalClient, LocalNode, create_global_channel, create_users, running_node
from tests.support.page_server import Answer, PageServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def node(pages: PageServer) -> AsyncIterator[LocalNode]:
    async with running_node() as running:
        yield running


@pytest.fixture
def room(db: None) -> Channel:
    return create_global_channel()


@pytest.fixture
def users(db: None) -> list[User]:
    return create_users("alice", "bob")


async def idle(node: LocalNode, client: LocalClient) -> None:
    """Wait until the node has previewed what the client has sent."""
    await client.call("ping")
    await wait_until(lambda: not node.node.link_previews._messages)


async def test_both_see_a_preview_that_arrives_after_the_message(
    pages: PageServer, room: Channel, users: list[User], node: LocalNode
) -> None:
    pages.pages["/"] = Answer('<title>Storm</title><meta property="og:description" content="It rains">')
    alice, bob = [await node.connect(user) for user in users]
    link = pages.url()
    first, second = await alice.say(room, f"look {link}"), await bob.say(room, f"{link} again {link}")
    for client in (alice, bob):
        await wait_until(lambda client=client: len(client.positions("message.previewed")) == 2)  # type: ignore[misc]
    push = next(push for push in bob.pushes() if push.cmd == "message.previewed" and push.data["id"] == first["id"])
    (shown,) = push.data["previews"]
    assert (shown["url"], shown["title"], shown["description"]) == (link, "Storm", "It rains")
    page = await bob.call("message.history", target=str(room.pk))
    assert [[item["title"] for item in message["previews"]] for message in page["messages"]] == [["Storm"]] * 2
    assert pages.paths() == ["/"]

    await alice.call("message.edit", target=first["target"], id=first["id"], msg="nothing")
    await wait_until(lambda: len(bob.positions("message.previewed")) == 3)
    assert bob.pushes()[-1].data["previews"] == []
    removed = await bob.call("message.remove_preview", target=second["target"], id=second["id"], previewId=shown["id"])
    await wait_until(lambda: len(alice.positions("message.previewed")) == 4)
    assert removed["position"] == alice.positions("message.previewed")[-1]


async def test_pages_without_a_title_are_remembered(
    pages: PageServer, room: Channel, users: list[User], node: LocalNode
) -> None:
    alice = await node.connect(users[0])
    for _ in range(2):
        await alice.say(room, pages.url("/gone"))
        await idle(node, alice)
    assert pages.paths() == ["/gone"] and await run(LinkPreview.objects.filter(title="").count) == 1
    assert not alice.positions("message.previewed")


async def test_a_user_is_limited_and_the_setting_turns_it_off(
    pages: PageServer, room: Channel, users: list[User], node: LocalNode, settings: Any
) -> None:
    settings.IM_LINK_PREVIEW_BURST, settings.IM_LINK_PREVIEW_RATE = 2, 0.0001
    alice = await node.connect(users[0])
    for number in range(4):
        await alice.say(room, pages.url(f"/{number}"))
    await idle(node, alice)
    assert len(pages.requests) == 2


async def test_nothing_is_loaded_where_the_site_has_no_previews(
    pages: PageServer, room: Channel, users: list[User], settings: Any
) -> None:
    settings.IM_LINK_PREVIEWS = False
    async with running_node() as node:
        alice = await node.connect(users[0])
        await alice.say(room, pages.url())
        assert not node.node.link_previews._messages and not pages.requests
    assert await run(Message.objects.filter(previews__isnull=True).count) == 1
