"""Three `/ws` users and two `/acc` users share one conversation on two nodes while their connections are cut."""

from __future__ import annotations

import asyncio
import json
import os
import random

import pytest

from tests.support.chaos_clients import (
    ChaosClient,
    JsonChaosClient,
    OutgoingMessage,
    ProtobufChaosClient,
    pair,
    run_chaos,
)
from tests.support.shared_site import Account, Clients
from tests.support.two_nodes import TwoNodes

pytestmark = pytest.mark.postgres

MESSAGES = int(os.environ.get("CLUSTER_MIXED_MESSAGES", "5000"))
"""Messages of all five users, in all channels together."""
CUTS = 8
"""Cuts of each connection while they send, and one more at the end."""
PATIENCE = 300.0

_STORED = """
import json
from chat.models import Channel, Message

stored = dict()
for channel in Channel.objects.filter(messages__text__startswith={mark!r}).distinct():
    rows = Message.objects.filter(channel=channel).order_by("seq").values_list("seq", "position", "text")
    stored[channel.pair or str(channel.pk)] = list(rows)
print(json.dumps(stored))
"""


def database(two_nodes: TwoNodes, mark: str) -> dict[str, list[tuple[int, int, str]]]:
    """Return number, position and text of every message in the channels that contain a message with this mark."""
    rows = json.loads(two_nodes.shared_site.shell(_STORED.format(mark=mark)))
    return {channel: [(seq, position, text) for seq, position, text in said] for channel, said in rows.items()}


async def test_every_client_has_the_sequence_of_the_database_in_each_channel(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    sites = [node.acc.removesuffix("/acc") for node in (two_nodes.a, two_nodes.b)]
    phones = [two_nodes.shared_site.account(name) for name in ("alice", "bob", "carol")]
    pages = [two_nodes.shared_site.account(name) for name in ("alice", "bob")]
    everybody = [*phones, *pages]
    creator = await node_clients.login(pages[0], at=two_nodes.a.acc)
    other = await node_clients.login(pages[1], at=two_nodes.b.acc)
    mark = f"{pages[0].name}'s day: "

    all_of_us, some_of_us = await creator.group(*everybody[:3], pages[1]), await other.group(phones[0], pages[0])
    members: dict[str, list[Account]] = {all_of_us: everybody, some_of_us: [phones[0], *pages]}
    of_pages: dict[str, str] = {all_of_us: all_of_us, some_of_us: some_of_us}
    for one, two in [(phones[0], pages[0]), (phones[1], phones[2]), (phones[2], pages[1]), (pages[0], pages[1])]:
        members[pair(one, two)] = [one, two]
    for page, person in ((creator, phones[0]), (other, phones[2]), (creator, pages[1])):
        assert page.account is not None
        of_pages[pair(page.account, person)] = await page.private(person)

    chance = random.Random("the conversation")
    counts = dict.fromkeys(members, 0)
    talkers: list[ChaosClient] = []
    for account in everybody:
        own = [channel for channel in members if account in members[channel]]
        lines = [
            OutgoingMessage(chance.choice(own), f"{mark}{account.name} {n}") for n in range(MESSAGES // len(everybody))
        ]
        for line in lines:
            counts[line.channel] += 1
        if account in phones:
            talkers.append(ProtobufChaosClient(account, sites, lines, CUTS, "one"))
        else:
            talkers.append(JsonChaosClient(account, sites, lines, CUTS, "one", targets=of_pages))
    theirs = {
        talker: {channel: count for channel, count in counts.items() if talker.account in members[channel]}
        for talker in talkers
    }

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(talker.come() for talker in talkers))
        await run_chaos(talkers, theirs)

    stored = await asyncio.to_thread(database, two_nodes, mark)
    assert {channel: len(said) for channel, said in stored.items()} == counts
    for said in stored.values():
        assert [seq for seq, _, _ in said] == list(range(1, len(said) + 1))
    for talker in talkers:
        assert talker.cuts >= CUTS + 1
        for channel in theirs[talker]:
            told = list(talker.sequences[channel].items())
            if isinstance(talker, JsonChaosClient):
                told.sort()  # Live pushes and `sync` pages are merged by position.
            assert told == [(position, text) for _, position, text in stored[channel]]
        assert talker.sequences.keys() == theirs[talker].keys()
        await talker.cut()
