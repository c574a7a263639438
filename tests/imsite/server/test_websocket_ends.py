"""The application hears how a WebSocket has ended, and what its peer is known to have received."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import Close, Frame, Opcode

from tests.imsite.server.test_websocket import HANDSHAKE, PROTOCOLS, AnyProtocol, Wire
from tests.support.waiting import wait_until


class Peer:
    """An accepted WebSocket: the client's end, and what the application hears."""

    def __init__(self, protocol: type[AnyProtocol]) -> None:
        self.heard: list[str | int] = []
        self.is_open = False
        self._wire = Wire()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await self._record(scope, receive, send)

        config = Config(app)
        config.load()
        self._protocol = protocol(config, ServerState(), {})
        self._protocol.connection_made(self._wire)
        self._protocol.data_received(HANDSHAKE)

    async def _record(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        scope["extensions"]["imsite.socket"]["socket"].watch_pings(
            lambda: self.heard.append("ping"), lambda: self.heard.append("pong")
        )
        await send({"type": "websocket.accept"})
        self.is_open = True
        self.heard.append((await receive())["code"])

    def send(self, frame: Frame) -> None:
        self._protocol.data_received(frame.serialize(mask=True))

    def lose(self) -> None:
        self._protocol.connection_lost(ConnectionResetError())

    def ping(self) -> bytes:
        """Let the server send a keepalive ping; return its payload."""
        self._protocol.send_keepalive_ping()
        assert self.heard[-1] == "ping" and self._protocol.pending_ping_payload is not None
        return self._protocol.pending_ping_payload


@pytest.fixture(params=PROTOCOLS)
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    made = Peer(request.param)
    await wait_until(lambda: made.is_open)
    yield made
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_a_lost_connection_is_told_as_abnormal(peer: Peer) -> None:
    peer.lose()
    await wait_until(lambda: bool(peer.heard))
    assert peer.heard == [1006]


@pytest.mark.parametrize(("close", "code"), [(Close(1000, "").serialize(), 1000), (b"", 1005)])
async def test_a_close_by_the_peer_is_told_with_its_code(peer: Peer, close: bytes, code: int) -> None:
    peer.send(Frame(Opcode.CLOSE, close))
    peer.lose()
    await wait_until(lambda: bool(peer.heard))
    assert peer.heard == [code]


async def test_only_the_pong_to_the_last_ping_counts(peer: Peer) -> None:
    earlier = peer.ping()
    latest = peer.ping()
    peer.send(Frame(Opcode.PONG, earlier))
    peer.send(Frame(Opcode.PONG, b"unasked"))
    assert peer.heard == ["ping", "ping"]
    peer.send(Frame(Opcode.PONG, latest))
    peer.send(Frame(Opcode.PONG, latest))
    assert peer.heard == ["ping", "ping", "pong"]
