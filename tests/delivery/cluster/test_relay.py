"""A relay continues after an entry that it cannot deliver. Two relays share one channel layer in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from channels.layers import InMemoryChannelLayer

from delivery.cluster import relay as relay_module
from delivery.cluster.relay import Relay
from delivery.log import Entry
from tests.support.waiting import wait_until

GROUP = 10


class Receiver:
    """A hub that fails to deliver `poison`."""

    def __init__(self) -> None:
        self.got: list[str] = []

    def receive_announcements(self, entries: Sequence[Entry]) -> None:
        self.got += [f"{entry.kind}@{entry.position}" for entry in entries]

    receive = receive_announcements

    def deliver_transient(self, entry: Entry) -> None:
        if entry.kind == "poison":
            raise KeyError(entry.kind)
        self.receive_announcements([entry])


class Nodes:
    """Two nodes, `a` and `b`. While `lost` is set, the location of users is unknown."""

    def __init__(self, *, secret_of_b: str) -> None:
        self.lost = False
        self.a, self.b = Receiver(), Receiver()
        layer = InMemoryChannelLayer()
        self.relays = {
            name: Relay(
                node=name,
                layer=layer,
                secret="secret" if name == "a" else secret_of_b,
                receiver=receiver,
                find_nodes=self.find_nodes,
                push_to_node=self.push_to_node,
                refresh_registry=lambda: None,
            )
            for name, receiver in (("a", self.a), ("b", self.b))
        }

    async def find_nodes(self, user_ids: Sequence[int]) -> Mapping[int, set[str]]:
        if self.lost:
            raise ValueError("no answer that can be read")
        return {}

    async def push_to_node(self, node: str, entries: Sequence[Entry]) -> None:
        pass


@asynccontextmanager
async def _running(*, secret_of_b: str = "secret") -> AsyncIterator[Nodes]:
    nodes = Nodes(secret_of_b=secret_of_b)
    for relay in nodes.relays.values():
        await relay.start()
    try:
        await wait_until(lambda: all(relay._has_introduced for relay in nodes.relays.values()))
        yield nodes
    finally:
        for relay in nodes.relays.values():
            await relay.stop()


async def test_a_push_that_cannot_be_delivered_does_not_delay_later_pushes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "LAYER_RETRY_SECONDS", 3600.0)
    async with _running() as nodes:
        nodes.relays["a"].send([Entry(kind="poison", channel=GROUP), Entry(kind="typing", channel=GROUP)])
        nodes.relays["a"].send([Entry(kind="msg", channel=GROUP, position=1)])
        await wait_until(lambda: sorted(nodes.b.got) == ["msg@1", "typing@0"])


async def test_a_push_that_would_wait_behind_others_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "ENTRIES_PER_MESSAGE", 3)
    async with _running() as nodes:
        relay = nodes.relays["a"]
        relay.offer(Entry(kind="typing", channel=GROUP))
        relay.send([Entry(kind="msg", channel=GROUP, position=position) for position in (1, 2)])
        relay.offer(Entry(kind="typing", channel=GROUP))
        relay.send([Entry(kind="msg", channel=GROUP, position=3)])
        await wait_until(lambda: "msg@3" in nodes.b.got)
        assert nodes.b.got.count("typing@0") == 1


async def test_entries_are_sent_to_all_nodes_while_presence_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "LAYER_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(relay_module, "ENTRIES_PER_MESSAGE", 1)
    async with _running() as nodes:
        nodes.lost = True
        nodes.relays["a"].send(
            [Entry(kind="friend", user_ids=(7,), position=1), Entry(kind="msg", channel=1, position=2)]
        )
        await wait_until(lambda: nodes.b.got == ["friend@1", "msg@2"])


async def test_full_messages_follow_each_other_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "SEND_INTERVAL_SECONDS", 3600.0)
    monkeypatch.setattr(relay_module, "ENTRIES_PER_MESSAGE", 2)
    async with _running() as nodes:
        nodes.relays["a"].send([Entry(kind="msg", channel=GROUP, position=position) for position in range(1, 8)])
        await wait_until(lambda: len(nodes.b.got) == 6)
        await asyncio.sleep(0)
        assert nodes.b.got == [f"msg@{position}" for position in range(1, 7)]


async def test_a_node_with_another_secret_is_refused_and_the_setting_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with _running(secret_of_b="another") as nodes:
        nodes.relays["a"].send([Entry(kind="msg", channel=GROUP, position=1)])
        await wait_until(lambda: "layer_message_refused" in caplog.messages)
        assert nodes.b.got == []
    assert {vars(record)["setting"] for record in caplog.records} == {"IM_CLUSTER_SECRET"}
