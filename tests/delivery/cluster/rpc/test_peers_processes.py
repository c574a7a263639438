"""Nodes in other processes are called, frozen and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import Settings

from delivery.hub.hub import Hub
from delivery.log import Entry
from tests.delivery.conftest import MemoryLog
from tests.delivery.node_process import USER_ID
from tests.support.cluster_rpc import (
    Clock,
    connected_peers,
    failure,
    running_server,
)
from tests.support.waiting import TIMEOUT_SECONDS

FAILURES, PAUSE = 3, 5.0


@pytest.fixture(autouse=True)
def patience(settings: Settings) -> None:
    settings.IM_RPC_TIMEOUT = TIMEOUT_SECONDS
    settings.IM_CIRCUIT_BREAKER_FAILURES, settings.IM_CIRCUIT_BREAKER_PAUSE_SECONDS = FAILURES, PAUSE


@contextmanager
def node_process() -> Iterator[tuple[subprocess.Popen[str], Callable[[], str]]]:
    """Run a node in a process of its own and return the lines that it prints."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.node_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        yield child, child.stdout.readline
    finally:
        child.send_signal(signal.SIGCONT)
        child.stdin.close()
        try:
            child.wait(TIMEOUT_SECONDS)
        finally:
            child.kill()
            child.stdout.close()


async def test_a_node_of_another_process_receives_pushes_and_queries(memory_log: MemoryLog) -> None:
    with node_process() as (_, line):
        port = int(await asyncio.to_thread(line))
        async with connected_peers({"child": port}) as peers:
            assert await peers.filter_online("child", [USER_ID, USER_ID + 1]) == {USER_ID}
            assert await peers.list_online("child", 101) == ({USER_ID: f"user {USER_ID}"}, False)
            entries = memory_log.append(*(Entry(kind="msg", user_ids=(USER_ID,)) for _ in range(1000)))
            for entry in entries:
                await peers.push("child", [entry])
            assert [await asyncio.to_thread(line) for _ in entries] == [f"msg@{n}\n" for n in range(1, 1001)]
            state = await peers.state("child")
            assert (state.node, state.connections, state.logged_in, state.watermark) == ("child", 1, 1, 1000)
            assert await peers.close_connections("child", user_id=USER_ID) == 1


async def test_a_frozen_node_opens_the_circuit_and_recovers_when_it_resumes(
    settings: Settings,
) -> None:
    clock = Clock()
    with node_process() as (child, line):
        port = int(await asyncio.to_thread(line))
        async with connected_peers({"child": port}, clock=clock) as peers:
            assert (await peers.state("child")).node == "child"
            child.send_signal(signal.SIGSTOP)
            settings.IM_RPC_TIMEOUT = 0.2
            for _ in range(FAILURES):
                assert await failure(peers.state("child")) == "deadline"
            assert await failure(peers.state("child")) == "circuit_open"
            clock.now += PAUSE
            assert await failure(peers.filter_online("child", [USER_ID])) == "deadline", "the probe"
            assert await failure(peers.state("child")) == "circuit_open"
            child.send_signal(signal.SIGCONT)
            settings.IM_RPC_TIMEOUT = TIMEOUT_SECONDS
            clock.now += PAUSE
            assert await peers.filter_online("child", [USER_ID]) == {USER_ID}
            assert not peers.is_circuit_open("child")


async def test_a_killed_node_fails_and_recovers_on_the_same_port(hub: Hub) -> None:
    with node_process() as (child, line):
        port = int(await asyncio.to_thread(line))
        async with connected_peers({"child": port}) as peers:
            await peers.state("child")
            child.send_signal(signal.SIGKILL)
            await asyncio.to_thread(child.wait)
            assert await failure(peers.state("child")) == "unavailable"
            async with running_server(hub, node="again", port=port):
                while (answers := await peers.call_all(peers.state)).failed:
                    assert answers.failed == {"child": "unavailable"}
                    peers.set_nodes({})  # This test is not about its circuit breaker.
                    peers.set_nodes({"child": f"127.0.0.1:{port}"})
                assert answers.results["child"].node == "again"
