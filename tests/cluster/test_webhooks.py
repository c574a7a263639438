"""One node at a time delivers a webhook; when that node dies, another continues from its position."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.eventually import PATIENCE, eventually
from tests.support.people import People
from tests.support.receiver import Receiver
from tests.support.site import Site
from tests.support.two_nodes import Twins

pytestmark = pytest.mark.postgres

EACH = 40
_MAKE = """
from accounts.actions import administrator_create
from accounts.selectors.users import user_by_name
from chat.webhooks.outgoing.actions import webhook_create
maker = user_by_name("olga") or administrator_create(username="olga", password="a good password")
print(webhook_create(maker=maker, name="Books", url={url!r}, events={events!r})[1])
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


async def _hear(twins: Twins, receiver: Receiver, *events: str) -> None:
    """Create a webhook that calls the receiver."""
    made = await asyncio.to_thread(twins.town.shell, _MAKE.format(url=receiver.url, events=list(events)))
    receiver.secret = made.strip()


async def _asked(node: Site, visitors: People, receiver: Receiver) -> None:
    """Wait until the node knows of a webhook for presence events: it checks from time to time."""
    async with asyncio.timeout(PATIENCE):
        while True:
            probe = await visitors.guest(at=node.acc)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await eventually(lambda: any(one["data"].get("id") == probe.id for one in receiver.events))  # noqa: B023
                return


async def test_two_nodes_deliver_each_event_once_and_one_request_at_a_time(
    twins: Twins, visitors: People, receiver: Receiver
) -> None:
    alice = await visitors.login(twins.town.account("alice"), at=twins.a.acc)
    bob = await visitors.login(twins.town.account("bob"), at=twins.b.acc)
    group = await alice.group(bob)
    await _hear(twins, receiver, "message.sent")
    for number in range(EACH):
        await asyncio.gather(alice.say(group, f"a{number}"), bob.say(group, f"b{number}"))
    await eventually(lambda: len(receiver.events) >= 2 * EACH)
    texts = receiver.texts()
    assert sorted(texts) == sorted(f"{who}{number}" for who in "ab" for number in range(EACH))
    assert [text for text in texts if text[0] == "a"] == [f"a{number}" for number in range(EACH)]
    assert receiver.positions() == sorted(receiver.positions()) and receiver.most_at_once == 1


async def test_a_user_on_two_nodes_causes_one_online_and_one_offline_event(
    twins: Twins, visitors: People, receiver: Receiver
) -> None:
    carol = twins.town.account("carol")
    await _hear(twins, receiver, "person.online", "person.offline")
    for node in (twins.a, twins.b):
        await _asked(node, visitors, receiver)
    first = await visitors.login(carol, at=twins.a.acc)
    second = await visitors.login(carol, at=twins.b.acc)
    await first.close()
    await second.close()

    def heard() -> list[str]:
        return [one["event"] for one in receiver.events if one["data"].get("userId") == carol.name]

    await eventually(lambda: len(heard()) >= 2)
    assert heard() == ["person.online", "person.offline"]


async def test_another_node_continues_when_the_delivering_node_dies(cluster_factory: ClusterFactory) -> None:
    options = {"IM_WEBHOOK_TIMEOUT": "1", "IM_WEBHOOK_LEASE_SECONDS": "1"}
    with Receiver() as receiver, cluster_factory(**options) as cluster, closing(Twins(cluster)) as twins:
        visitors = People(twins.town)
        await _hear(twins, receiver, "message.sent")
        alice = await visitors.login(twins.town.account("alice"), at=twins.a.acc)
        group = await alice.group(await visitors.login(twins.town.account("bob"), at=twins.a.acc))
        # Only this node gets it in time, so its request dies with it.
        twins.b.freeze()
        receiver.answering.clear()
        await alice.say(group, "before")
        await eventually(lambda: len(receiver.requests) == 1)
        twins.a.kill()
        receiver.answering.set()
        twins.b.thaw()
        # The first of them is the request that the dead node had started.
        await eventually(lambda: receiver.texts() == ["before", "before"])
        carol = await visitors.login(twins.town.account("carol"), at=twins.b.acc)
        await carol.say(await carol.group(await visitors.login(twins.town.account("bob"), at=twins.b.acc)), "after")
        await eventually(lambda: receiver.texts()[-1:] == ["after"])
        assert set(receiver.texts()) == {"before", "after"}
