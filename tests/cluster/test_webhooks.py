"""One node at a time delivers a webhook; when that node dies, another continues from its position."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.receiver import Receiver
from tests.support.shared_site import Clients
from tests.support.site import Site
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.postgres

EACH = 40
_MAKE = """
from accounts.actions import administrator_create
from accounts.selectors.users import user_by_name
from chat.webhooks.outgoing.actions import webhook_create
maker = user_by_name("olga") or administrator_create(username="olga", password="a good password")
print(webhook_create(creator=maker, name="Books", url={url!r}, events={events!r})[1])
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


async def _subscribe(two_nodes: TwoNodes, receiver: Receiver, *events: str) -> None:
    """Create a webhook that calls the receiver."""
    made = await asyncio.to_thread(two_nodes.shared_site.shell, _MAKE.format(url=receiver.url, events=list(events)))
    receiver.secret = made.strip()


async def _wait_until_subscribed(node: Site, node_clients: Clients, receiver: Receiver) -> None:
    """Wait until the node knows of a webhook for presence events: it checks from time to time."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            probe = await node_clients.guest(at=node.acc)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await wait_until(lambda: any(one["data"].get("id") == probe.id for one in receiver.events))  # noqa: B023
                return


async def test_two_nodes_deliver_each_event_once_and_one_request_at_a_time(
    two_nodes: TwoNodes, node_clients: Clients, receiver: Receiver
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    group = await alice.group(bob)
    await _subscribe(two_nodes, receiver, "message.sent")
    for number in range(EACH):
        await asyncio.gather(alice.say(group, f"a{number}"), bob.say(group, f"b{number}"))
    await wait_until(lambda: len(receiver.events) >= 2 * EACH)
    texts = receiver.texts()
    assert sorted(texts) == sorted(f"{who}{number}" for who in "ab" for number in range(EACH))
    assert [text for text in texts if text[0] == "a"] == [f"a{number}" for number in range(EACH)]
    assert receiver.positions() == sorted(receiver.positions()) and receiver.most_at_once == 1


async def test_a_user_on_two_nodes_causes_one_online_and_one_offline_event(
    two_nodes: TwoNodes, node_clients: Clients, receiver: Receiver
) -> None:
    carol = two_nodes.shared_site.account("carol")
    await _subscribe(two_nodes, receiver, "person.online", "person.offline")
    for node in (two_nodes.a, two_nodes.b):
        await _wait_until_subscribed(node, node_clients, receiver)
    first = await node_clients.login(carol, at=two_nodes.a.acc)
    second = await node_clients.login(carol, at=two_nodes.b.acc)
    await first.close()
    await second.close()

    def received_events() -> list[str]:
        return [one["event"] for one in receiver.events if one["data"].get("userId") == carol.name]

    await wait_until(lambda: len(received_events()) >= 2)
    assert received_events() == ["person.online", "person.offline"]


async def test_another_node_continues_when_the_delivering_node_dies(cluster_factory: ClusterFactory) -> None:
    options = {"IM_WEBHOOK_TIMEOUT": "1", "IM_WEBHOOK_LEASE_SECONDS": "1"}
    with Receiver() as receiver, cluster_factory(**options) as cluster, closing(TwoNodes(cluster)) as two_nodes:
        node_clients = Clients(two_nodes.shared_site)
        await _subscribe(two_nodes, receiver, "message.sent")
        alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
        group = await alice.group(await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.a.acc))
        # Only this node gets it in time, so its request dies with it.
        two_nodes.b.freeze()
        receiver.answering.clear()
        await alice.say(group, "before")
        await wait_until(lambda: bool(receiver.requests))
        two_nodes.a.kill()
        # More than one if this process stood still for longer than the node waits for an answer.
        started = len(receiver.requests)
        receiver.answering.set()
        two_nodes.b.thaw()
        await wait_until(lambda: len(receiver.texts()) > started)
        assert set(receiver.texts()) == {"before"}
        carol = await node_clients.login(two_nodes.shared_site.account("carol"), at=two_nodes.b.acc)
        await carol.say(
            await carol.group(await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)),
            "after",
        )
        await wait_until(lambda: receiver.texts()[-1:] == ["after"])
        assert set(receiver.texts()) == {"before", "after"}
