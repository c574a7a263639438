"""Messages are sent three times, acknowledgements are lost and connections are cut: each message is stored once."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.support.lossy_proxy import LossyProxy
from tests.support.protobuf_client import ProtobufClient
from tests.support.retry_storm import send_storm
from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes

pytestmark = pytest.mark.postgres

EACH = 60
CUTS = 8
LOSE = 0.6


async def stored(person: UserClient, group: str) -> list[tuple[str, int]]:
    """Return text and position of all messages in the channel, in order."""
    said: list[tuple[str, int]] = []
    more, after = True, 0
    while more:
        page = await person.call("message.history", target=group, after=after, limit=100)
        said += [(one["msg"], one["position"]) for one in page["messages"]]
        more, after = page["hasMore"], page["messages"][-1]["seq"]
    return said


@pytest.mark.parametrize("seed", ["one", "two"])
async def test_each_number_of_a_connection_is_stored_once_despite_losses(
    two_nodes: TwoNodes, node_clients: Clients, seed: str
) -> None:
    chance = random.Random(seed)
    alice, bob = (
        await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc),
        two_nodes.shared_site.account("bob"),
    )
    group = await alice.group(bob)
    targets = [f"{node.acc.removesuffix('/acc')}/ws" for node in (two_nodes.a, two_nodes.b)]
    told: dict[str, int] = {}
    async with LossyProxy(targets, chance, lose=LOSE, life=(10, 3 * EACH)) as proxy:
        for connection in range(CUTS + 1):
            if connection == CUTS:
                proxy.life = None
            client = await ProtobufClient.connect(proxy.url, int(bob.id))
            await client.login(bob.token, sync=2**63 - 1)
            texts = [f"{connection} {number}" for number in range(1, EACH + 1)]
            told |= await send_storm(client, chance, int(group), texts, keys=False)
            await client.close()
        assert proxy.cuts == CUTS and proxy.lost > EACH

    said = await stored(alice, group)
    assert max(Counter(text for text, _ in said).values()) == 1
    assert told.items() <= dict(said).items()
    for connection in range(CUTS + 1):
        numbers = [text.split()[1] for text, _ in said if text.startswith(f"{connection} ")]
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)], "in the order of their numbers"
    assert len(numbers) == EACH, "the last connection was not cut"


@pytest.mark.parametrize("seed", ["one", "two"])
async def test_across_connections_and_nodes_each_key_is_stored_once(
    two_nodes: TwoNodes, node_clients: Clients, seed: str
) -> None:
    chance = random.Random(seed)
    alice, bob = (
        await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc),
        two_nodes.shared_site.account("bob"),
    )
    group = await alice.group(bob)
    targets = [f"{node.acc.removesuffix('/acc')}/ws" for node in (two_nodes.a, two_nodes.b)]
    to_say = [f"key {seed} {number}" for number in range(2 * EACH)]
    told: dict[str, int] = {}
    async with LossyProxy(targets, chance, lose=LOSE, life=(10, 3 * EACH)) as proxy:
        while missing := [text for text in to_say if text not in told]:
            if proxy.cuts == CUTS:
                proxy.life = None
            client = await ProtobufClient.connect(proxy.url, int(bob.id))
            await client.login(bob.token, sync=2**63 - 1)
            # An acknowledged message is sometimes sent once more as well.
            again = missing + chance.sample(sorted(told), min(len(told), 5))
            acknowledged = await send_storm(client, chance, int(group), again, keys=True)
            assert all(told.get(text, seq) == seq for text, seq in acknowledged.items())
            told |= acknowledged
            await client.close()
        assert proxy.cuts >= 3 and proxy.lost > EACH

    assert sorted(await stored(alice, group)) == sorted(told.items())
