"""Pushes to other nodes are ordered, batched, bounded and never sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from django.conf import Settings

from delivery import tracing
from delivery.cluster.rpc import deliver_pb2, peer
from delivery.cluster.rpc.server import DeliverServer
from delivery.hub.hub import Hub
from delivery.log import Entry
from tests.support.cluster_rpc import (
    Clock,
    ScriptedServer,
    connected_peers,
    dropped,
    running_server,
    scripted_server,
)
from tests.support.listener import listening
from tests.support.traces import Spans, is_below
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

ALICE = 1
FAILURES, PAUSE = 3, 5.0


@pytest.fixture(autouse=True)
def patience(settings: Settings) -> None:
    settings.IM_RPC_TIMEOUT = TIMEOUT_SECONDS
    settings.IM_CIRCUIT_BREAKER_FAILURES, settings.IM_CIRCUIT_BREAKER_PAUSE_SECONDS = FAILURES, PAUSE


@pytest_asyncio.fixture
async def server(hub: Hub) -> AsyncIterator[DeliverServer]:
    async with running_server(hub) as made:
        yield made


@pytest_asyncio.fixture
async def scripted() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as made:
        yield made


def transient(number: int, text: str = "") -> Entry:
    return Entry(kind=f"push{number}", user_ids=(ALICE,), body={"text": text})


def shown(*numbers: int) -> list[str]:
    return [f"push{number}@0" for number in numbers]


async def test_pushes_arrive_in_order(hub: Hub, server: DeliverServer) -> None:
    async with connected_peers({"a": server.port}) as peers, listening(hub, ALICE) as alice:
        for number in range(5000):
            await peers.push("a", [transient(number)])
            if number % 700 == 0:
                await asyncio.sleep(0)
        await alice.until("push4999@0")
        assert alice.frames == shown(*range(5000))


async def test_waiting_pushes_are_batched_within_the_request_limit(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "MAX_BATCH_ENTRIES", 4)
    monkeypatch.setattr(peer, "MAX_BATCH_BYTES", 1000)
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.gate.clear()
        await peers.push("a", [transient(0)])
        await wait_until(lambda: scripted.calls == 1)
        for number in range(1, 8):
            await peers.push("a", [transient(number)])
        await peers.push("a", [transient(8, "x" * 600), transient(9, "x" * 600), transient(10, "x" * 3000)])
        scripted.gate.set()
        await wait_until(lambda: scripted.calls == 5)
        assert [len(batch) for batch in scripted.pushed] == [1, 4, 4, 1, 1]


async def test_the_oldest_pushes_over_the_bound_are_dropped_and_counted(
    scripted: ScriptedServer, settings: Settings
) -> None:
    before = dropped("overflow")
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.gate.clear()
        await peers.push("a", [transient(0)])
        await wait_until(lambda: scripted.calls == 1)
        settings.IM_PEER_QUEUE_MAX_BYTES = 10_000
        for number in range(1, 101):
            await peers.push("a", [transient(number, "x" * 1000)])
        lost = dropped("overflow") - before
        scripted.gate.set()
        await wait_until(lambda: sum(map(len, scripted.pushed)) == 101 - lost)
        kinds = [deliver_pb2.Entry.FromString(entry).kind for batch in scripted.pushed for entry in batch]
        assert 90 < lost < 100
        assert kinds == ["push0", *(f"push{number}" for number in range(int(lost) + 1, 101))]


async def test_an_oversized_entry_is_dropped_and_the_next_arrives(hub: Hub, server: DeliverServer) -> None:
    before = dropped("too_large")
    async with connected_peers({"a": server.port}) as peers, listening(hub, ALICE) as alice:
        await peers.push("a", [transient(0), transient(1, "x" * peer.MAX_ENTRY_BYTES), transient(2)])
        await alice.until(*shown(0, 2))
        await peers.push("a", [transient(3, "x" * (peer.MAX_ENTRY_BYTES - 100))])
        await alice.until(*shown(0, 2, 3))
    assert dropped("too_large") - before == 1


async def test_a_push_is_never_retried(scripted: ScriptedServer) -> None:
    """It may have arrived. The log supplies a missing event."""
    before = dropped("unavailable")
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.codes = [grpc.StatusCode.UNAVAILABLE]
        await peers.push("a", [transient(0), transient(1)])
        await wait_until(lambda: dropped("unavailable") == before + 2)
        await peers.push("a", [transient(2)])
        await wait_until(lambda: scripted.calls == 2)
        kinds = [[deliver_pb2.Entry.FromString(entry).kind for entry in batch] for batch in scripted.pushed]
        assert kinds == [["push0", "push1"], ["push2"]]


async def test_pushes_to_an_unknown_node_are_dropped_and_counted(hub: Hub, server: DeliverServer) -> None:
    before = dropped("unknown")
    async with (
        running_server(hub, node="b") as second,
        connected_peers({"a": server.port, "b": second.port}) as peers,
        listening(hub, ALICE) as alice,
    ):
        for node in ("a", "gone", "b"):
            await peers.push(node, [transient(0)])
        await peers.push("gone", [transient(1), transient(2)])
        await alice.until(*shown(0, 0))
    assert dropped("unknown") - before == 3


async def test_a_slow_node_does_not_delay_pushes_to_another(
    hub: Hub, server: DeliverServer, scripted: ScriptedServer
) -> None:
    scripted.gate.clear()
    async with connected_peers({"a": server.port, "slow": scripted.port}) as peers, listening(hub, ALICE) as alice:
        for number in range(10):
            await peers.push("slow", [transient(number)])
            await peers.push("a", [transient(number)])
        await alice.until(*shown(*range(10)))


async def test_pushes_to_an_open_circuit_are_dropped_and_counted_except_a_probe(scripted: ScriptedServer) -> None:
    clock = Clock()
    before = dropped("circuit_open")
    async with connected_peers({"a": scripted.port}, clock=clock) as peers:
        scripted.codes = [grpc.StatusCode.UNAVAILABLE] * FAILURES
        for number in range(FAILURES):
            await peers.push("a", [transient(number)])
            await wait_until(lambda number=number: scripted.calls == number + 1)  # type: ignore[misc]
        await wait_until(lambda: peers.is_circuit_open("a"))
        await peers.push("a", [transient(8), transient(9)])
        await wait_until(lambda: dropped("circuit_open") == before + 2)
        clock.now += PAUSE
        await peers.push("a", [transient(10)])
        await wait_until(lambda: not peers.is_circuit_open("a"))
        assert scripted.calls == FAILURES + 1


async def test_a_push_is_in_one_trace_on_both_nodes(hub: Hub, server: DeliverServer, spans: Spans) -> None:
    async with connected_peers({"a": server.port}) as peers:
        with tracing.span("publish"):
            await peers.push("a", [transient(1, "what Alice wrote")])
        await wait_until(lambda: bool(spans.named("Deliver/Push") and spans.named("Push")))

    sent, called, received = spans.one("send pushes"), spans.one("Deliver/Push"), spans.one("Push")
    assert is_below(sent, spans.one("publish")) and is_below(called, sent) and is_below(received, called)
    assert "Alice" not in spans.shown()
