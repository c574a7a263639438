"""The application hears how a WebSocket has ended, and what its peer is known to have received."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.frames import Close, Frame, Opcode

from imsite.server.lean_websocket import LeanWebSocketProtocol
from tests.imsite.server.test_websocket import HANDSHAKE, PROTOCOLS, AnyProtocol, Wire
from tests.support.waiting import TIMEOUT_SECONDS, wait_until


class ReadWire(Wire):
    """A wire that records whether the server reads from it."""

    is_read = True

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True


class Peer:
    """An accepted WebSocket: the client's end, and what the application hears."""

    def __init__(self, protocol: type[AnyProtocol]) -> None:
        self.heard: list[str | int] = []
        self.is_open = False
        self.may_receive = asyncio.Event()
        self.may_receive.set()
        self._wire = ReadWire()

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
        await self.may_receive.wait()
        while (event := await receive())["type"] == "websocket.receive":
            await self.may_receive.wait()
        self.heard.append(event["code"])

    def send(self, frame: Frame) -> None:
        self._protocol.data_received(frame.serialize(mask=True))

    def lose(self) -> None:
        self._protocol.connection_lost(ConnectionResetError())

    @property
    def is_read(self) -> bool:
        return self._wire.is_read

    @property
    def is_connected(self) -> bool:
        return not self._wire.closed

    def write_while_it_does_not_read(self) -> asyncio.Task[None]:
        """Return a write that waits because the peer does not read."""
        self._protocol.pause_writing()
        waiting = self._protocol.send_frames(b"x")
        assert waiting is not None
        return asyncio.create_task(waiting)

    def shut_down(self) -> None:
        self._protocol.shutdown()

    def pong_is_overdue(self) -> None:
        self._protocol.keepalive_timeout()

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


@pytest.mark.parametrize("end", ["close frame", "no pong", "shutdown"])
async def test_a_write_that_waits_for_the_peer_fails_at_the_end(peer: Peer, end: str) -> None:
    waiting = peer.write_while_it_does_not_read()
    if end == "close frame":
        peer.send(Frame(Opcode.CLOSE, Close(1000, "").serialize()))
    elif end == "no pong":
        peer.ping()
        peer.pong_is_overdue()
    else:
        peer.shut_down()
    with pytest.raises(ClientDisconnected):
        await asyncio.wait_for(waiting, TIMEOUT_SECONDS)


@pytest.mark.parametrize("peer", [LeanWebSocketProtocol], indirect=True)
async def test_a_pong_is_not_overdue_while_nothing_is_read(peer: Peer) -> None:
    peer.may_receive.clear()
    for _ in range(3):
        peer.send(Frame(Opcode.TEXT, b"x"))
    assert not peer.is_read
    payload = peer.ping()
    peer.pong_is_overdue()
    assert peer.is_connected
    peer.may_receive.set()
    await wait_until(lambda: peer.is_read)
    peer.send(Frame(Opcode.PONG, payload))
    assert peer.heard[-1] == "pong" and peer.is_connected

    peer.ping()
    peer.pong_is_overdue()
    assert not peer.is_connected
