"""An operator's action in the admin of one node takes effect on both nodes at once.

The run's report (`--junit-xml`) has the time of each action, from the click to the last screen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.postgres

_OPERATOR = """
from accounts.models import User
User.objects.filter(pk={person}).update(is_staff=True, is_superuser=True)
"""


@pytest.fixture
def click(two_nodes: TwoNodes) -> Callable[..., Awaitable[None]]:
    """Click a button in the admin of node A as an operator, and confirm it."""
    operator = two_nodes.shared_site.account("dave")
    two_nodes.shared_site.shell(_OPERATOR.format(person=operator.id))

    async def do(page: str, action: str, **fields: str) -> None:
        path = f"/admin/{page}/{action}/"
        assert (
            await asyncio.to_thread(two_nodes.shared_site.post, path, operator.cookie, confirmed=action, **fields)
            == 200
        )

    return do


async def test_recall_mute_ban_and_deactivation_reach_both_nodes(
    two_nodes: TwoNodes,
    node_clients: Clients,
    click: Callable[..., Awaitable[None]],
    record_property: Callable[[str, object], None],
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    phone = await node_clients.again(bob, at=two_nodes.a.acc)
    group = await alice.group(bob)
    said = await bob.say(group, "something rude")
    await alice.push("msg", id=said["id"])

    async def reaches(what: str, done: Awaitable[None], *screens: Awaitable[object]) -> None:
        began = time.monotonic()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asyncio.gather(done, *screens)
        record_property(f"seconds to {what}", round(time.monotonic() - began, 3))

    await reaches(
        "recall",
        click(f"chat/message/{said['id']}", "recall"),
        *(one.push("message.recalled", id=said["id"]) for one in (alice, bob, phone)),
    )

    await reaches(
        "mute",
        click(f"accounts/user/{bob.id}", "mute", hours="1", channel_id=group, reason="Calm down"),
        *(one.push("restriction", kind="mute", target=group, reason="Calm down") for one in (bob, phone)),
    )
    for one in (bob, phone):
        code, data = await one.refused("message.send", target=group, type="text", msg="but")
        assert code == 1003 and data["until"] > 0
    assert (await alice.say(group))["seq"] == 2

    async def leaves(one: UserClient) -> None:
        await one.push("channel.note", lambda data: [who["id"] for who in data["who"]] == [bob.id], note="removed")

    await reaches(
        "ban", click(f"chat/channel/{group}", "ban", member=bob.name, hours="0"), *map(leaves, (alice, bob, phone))
    )
    for one in (bob, phone):
        assert await one.code("message.history", target=group) == 1005
    assert await alice.code("channel.invite", target=group, members=[bob.name]) == 1003

    await reaches("deactivate", click(f"accounts/user/{bob.id}", "deactivate"), bob.closed(), phone.closed())
    assert await bob.closed() == await phone.closed() == 4001
    for node in (two_nodes.a, two_nodes.b):
        stranger = await node_clients.stranger(at=node.acc)
        assert await stranger.code("login", appId=101, serviceToken=bob.token) == 1003


async def test_an_announcement_is_delivered_once_on_both_nodes(two_nodes: TwoNodes, node_clients: Clients) -> None:
    """It is created in a process without connections; the first node that looks sends it."""
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc, app=104)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc, app=104)
    text = f"Down at noon, says {alice.name}"
    two_nodes.shared_site.shell(
        "from accounts.actions import system_user\n"
        "from accounts.models import App\n"
        "from chat.actions.announcement import announcement_create\n"
        f"announcement_create(by=system_user(), text={text!r}, app=App.objects.get(number=104))"
    )
    async with asyncio.timeout(TIMEOUT_SECONDS):
        heard = [(await one.push("msg", msg=text)).data["id"] for one in (alice, bob)]
    assert heard[0] == heard[1]
    await alice.say(alice.room, "afterwards")
    await bob.push("msg", msg="afterwards")
    for one in (alice, bob):
        assert [push.data["id"] for push in one.received if push.cmd == "msg" and push.data["msg"] == text] == [
            heard[0]
        ]
