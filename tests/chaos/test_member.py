"""Members of a chaos scenario come back after every end of a connection, and stop when they are told to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.chaos import member as member_module
from tests.chaos.member import ChaosMember
from tests.load import raw_socket
from tests.load.pressure.connection import LoadConnection, Login, Member
from tests.support.waiting import wait_until


async def test_a_member_returns_when_its_connection_ends_as_a_heartbeat_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    member = ChaosMember(Login("alice"), [("127.0.0.1", 1)], ())
    connections: list[LoadConnection] = []

    async def connect(port: int, path: str, connection: LoadConnection, *, host: str) -> LoadConnection:
        connections.append(connection)
        return connection

    async def sync() -> None:
        if len(connections) == 1:
            asyncio.get_running_loop().call_soon(connections[0].connection_lost, None)

    monkeypatch.setattr(raw_socket, "connect", connect)
    monkeypatch.setattr(member, "sync", sync)
    monkeypatch.setattr(member_module, "HEARTBEAT_SECONDS", -1.0)
    member.start()

    await wait_until(lambda: len(connections) > 1)

    member.raise_failure()
    await member.stop()


async def test_a_member_that_has_ended_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    member = ChaosMember(Login("alice"), [("127.0.0.1", 1)], ())

    async def connect(*_: Any, **__: Any) -> None:
        raise KeyError("no such field")

    monkeypatch.setattr(raw_socket, "connect", connect)
    member.start()
    await wait_until(lambda: not member.is_running)

    with pytest.raises(KeyError, match="no such field"):
        member.raise_failure()


async def test_a_connection_that_ends_before_its_log_in_is_lost_and_not_cancelled() -> None:
    def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionError):
            await raw_socket.connect(port, "/acc", LoadConnection(Member(Login("alice"))))


async def test_a_call_that_is_cancelled_as_its_reply_arrives_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = LoadConnection(Member(Login("alice")))
    monkeypatch.setattr(connection, "request", lambda *_: None)
    calling = asyncio.create_task(connection.call("c1", "ping", {}))
    await asyncio.sleep(0)

    connection._calls["c1"].set_result("pong")
    calling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await calling
