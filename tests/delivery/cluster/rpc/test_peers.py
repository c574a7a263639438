"""Queries to other nodes keep their deadline, respect the circuit breaker, and follow nodes that join and leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import grpc
import pytest
import pytest_asyncio
from django.conf import Settings

from delivery.cluster.rpc import peer
from delivery.cluster.rpc.peers import NodeState
from delivery.cluster.rpc.server import DeliverServer
from delivery.hub.hub import Hub
from delivery.log import Entry
from tests.support.cluster_rpc import (
    Clock,
    ScriptedServer,
    calls,
    connected_peers,
    failure,
    running_server,
    scripted_server,
)
from tests.support.ports import free_port
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


# -- queries: deadlines, retries, failures ----------------------------------------------------------------------------


async def test_a_query_is_retried_after_a_broken_connection(scripted: ScriptedServer) -> None:
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.codes = [grpc.StatusCode.UNAVAILABLE] * (peer.MAX_ATTEMPTS - 1)
        await peers.state("a")
        assert scripted.calls == peer.MAX_ATTEMPTS
        scripted.codes = [grpc.StatusCode.UNAVAILABLE] * peer.MAX_ATTEMPTS
        assert await failure(peers.state("a")) == "unavailable"
        assert scripted.calls == peer.MAX_ATTEMPTS * 2


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAUTHENTICATED])
async def test_an_answered_query_is_not_retried(scripted: ScriptedServer, code: grpc.StatusCode) -> None:
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.codes = [code]
        assert await failure(peers.state("a")) == code.name.lower()
        assert scripted.calls == 1


async def test_a_query_to_an_unresponsive_node_ends_at_the_deadline(
    scripted: ScriptedServer, settings: Settings
) -> None:
    before = calls("State", "deadline")
    async with connected_peers({"a": scripted.port}) as peers:
        await peers.state("a")
        scripted.gate.clear()
        settings.IM_RPC_TIMEOUT = 1.0
        assert await failure(peers.state("a")) == "deadline"
    # The first one, and at most once the other, which may not reach a busy server in time.
    assert scripted.calls <= 2
    assert calls("State", "deadline") - before == 1


async def test_a_query_to_an_unknown_node_fails_at_once(server: DeliverServer) -> None:
    async with connected_peers({"a": server.port}) as peers:
        assert await failure(peers.state("b")) == "unknown"
        assert await failure(peers.close_connections("b", user_id=ALICE)) == "unknown"


async def test_all_peers_are_queried_concurrently_and_failures_are_listed(
    hub: Hub, server: DeliverServer, scripted: ScriptedServer, settings: Settings
) -> None:
    scripted.gate.clear()

    async def ask(node: str) -> NodeState:
        settings.IM_RPC_TIMEOUT = 0.5 if node == "slow" else TIMEOUT_SECONDS
        return await peers.state(node)

    async with (
        running_server(hub, node="b") as second,
        connected_peers({"a": server.port, "b": second.port, "gone": free_port(), "slow": scripted.port}) as peers,
    ):
        answers = await peers.call_all(ask)
    assert {node: state.node for node, state in answers.results.items()} == {"a": "a", "b": "b"}
    assert answers.failed == {"gone": "unavailable", "slow": "deadline"}


# -- the circuit breaker ----------------------------------------------------------------------------------------------


async def test_a_failing_node_is_called_again_after_a_successful_probe(hub: Hub) -> None:
    clock, port = Clock(), free_port()
    async with connected_peers({"a": port}, clock=clock) as peers:
        for _ in range(FAILURES):
            assert not peers.is_circuit_open("a")
            assert await failure(peers.state("a")) == "unavailable"
        assert peers.is_circuit_open("a")
        async with running_server(hub, port=port):
            assert await failure(peers.state("a")) == "circuit_open"
            clock.now += PAUSE
            while peers.is_circuit_open("a"):  # The channel itself reconnects from time to time only.
                clock.now += PAUSE
                await peers.call_all(peers.state)
            assert (await peers.state("a")).node == "a"


async def test_other_calls_fail_at_once_during_a_probe(scripted: ScriptedServer) -> None:
    clock = Clock()
    async with connected_peers({"a": scripted.port}, clock=clock) as peers:
        scripted.codes = [grpc.StatusCode.INTERNAL] * FAILURES
        for _ in range(FAILURES):
            await failure(peers.state("a"))
        clock.now += PAUSE
        scripted.gate.clear()
        probe = asyncio.create_task(peers.state("a"))
        await wait_until(lambda: scripted.calls == FAILURES + 1)
        assert await failure(peers.state("a")) == "circuit_open"
        scripted.gate.set()
        await probe
        await peers.state("a")


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED])
async def test_an_unimplemented_call_does_not_open_the_circuit(scripted: ScriptedServer, code: grpc.StatusCode) -> None:
    """During an update some nodes are newer than others."""
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.codes = [code] * FAILURES
        for _ in range(FAILURES):
            assert await failure(peers.state("a")) == code.name.lower()
        assert not peers.is_circuit_open("a")


async def test_a_call_for_which_the_node_waits_does_not_open_the_circuit(
    scripted: ScriptedServer, settings: Settings
) -> None:
    """A client decides how long such a call takes."""
    async with connected_peers({"a": scripted.port}) as peers:
        await peers.state("a")
        scripted.gate.clear()
        settings.IM_RPC_TIMEOUT = 0.1
        for _ in range(FAILURES):
            assert await failure(peers.poll("a", "send", "connection", "owner", b"", wait_seconds=0.1)) == "deadline"
        assert not peers.is_circuit_open("a")


# -- nodes join and leave ---------------------------------------------------------------------------------------------


async def test_a_node_at_a_new_address_is_called_there(hub: Hub, server: DeliverServer) -> None:
    async with connected_peers({"a": server.port}) as peers, running_server(hub, node="moved") as second:
        assert (await peers.state("a")).node == "a"
        peers.set_nodes({"a": f"127.0.0.1:{second.port}"})
        assert (await peers.state("a")).node == "moved"


async def test_a_known_node_keeps_its_connection_and_its_circuit_breaker(scripted: ScriptedServer) -> None:
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.codes = [grpc.StatusCode.INTERNAL] * FAILURES
        for _ in range(FAILURES):
            await failure(peers.state("a"))
        peers.set_nodes({"a": f"127.0.0.1:{scripted.port}", "b": "127.0.0.1:1"})
        assert peers.nodes == ["a", "b"]
        assert peers.is_circuit_open("a") and not peers.is_circuit_open("b")


async def test_a_restarted_node_is_called_again_at_once(scripted: ScriptedServer) -> None:
    async with connected_peers({"a": scripted.port}) as peers:
        scripted.codes = [grpc.StatusCode.INTERNAL] * FAILURES
        for _ in range(FAILURES):
            await failure(peers.state("a"))
        assert peers.is_circuit_open("a")
        peers.set_nodes({"a": f"127.0.0.1:{scripted.port}"}, {"a"})
        await peers.state("a")


async def test_calls_to_a_removed_node_fail_without_cancelling_their_callers(scripted: ScriptedServer) -> None:
    scripted.gate.clear()
    async with connected_peers({"a": scripted.port}) as peers:
        call = asyncio.create_task(peers.state("a"))
        await peers.push("a", [Entry(kind="a")])
        await wait_until(lambda: scripted.calls == 2)
        await peers.push("a", [Entry(kind="b")])
        peers.set_nodes({})
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await failure(call) == "stopped"
        assert peers.nodes == [] and not peers.is_circuit_open("a")
        peers.set_nodes({"a": f"127.0.0.1:{scripted.port}"})
        scripted.gate.set()
        await peers.state("a")


async def test_a_query_to_a_removed_node_is_not_retried(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, go_on = asyncio.Event(), asyncio.Event()

    async def pause(seconds: float) -> None:
        paused.set()
        await go_on.wait()

    monkeypatch.setattr(peer, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": pause}))
    scripted.codes = [grpc.StatusCode.UNAVAILABLE]
    async with connected_peers({"a": scripted.port}) as peers:
        call = asyncio.create_task(peers.state("a"))
        await wait_until(paused.is_set)
        peers.set_nodes({})
        go_on.set()
        assert await failure(call) == "stopped"
    assert scripted.calls == 1


async def test_a_cancelled_caller_is_cancelled(scripted: ScriptedServer) -> None:
    scripted.gate.clear()
    async with connected_peers({"a": scripted.port}) as peers:
        call = asyncio.create_task(peers.state("a"))
        await wait_until(lambda: scripted.calls == 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_no_task_remains_after_a_stop(scripted: ScriptedServer) -> None:
    before = asyncio.all_tasks()
    scripted.gate.clear()
    async with connected_peers({"a": scripted.port, "gone": free_port()}) as peers:
        await peers.push("a", [Entry(kind="a")])
        await peers.push("gone", [Entry(kind="a")])
        await wait_until(lambda: scripted.calls == 1)
    scripted.gate.set()
    await wait_until(lambda: not {task for task in asyncio.all_tasks() - before if "peer" in task.get_name()})
