"""Our WebSocket protocols differ from uvicorn's in these answers; the consumers' tests cover the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from imsite.server import lean_websocket
from imsite.server.lean_websocket import LeanWebSocketProtocol
from imsite.server.websocket import WebSocketProtocol, frame_messages
from tests.support.waiting import wait_until

AnyProtocol = WebSocketProtocol | LeanWebSocketProtocol
PROTOCOLS = (WebSocketProtocol, LeanWebSocketProtocol)
HANDSHAKE = (
    b"GET /acc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Wire(asyncio.Transport):
    """The client's end of a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""
        self.closed = False
        self.is_cut = False

    def abort(self) -> None:
        self.is_cut = True

    def write(self, data: Any) -> None:
        self.heard += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def _send_handshake(app: Any, made: type[AnyProtocol], head: bytes = HANDSHAKE) -> tuple[AnyProtocol, Wire]:
    """Send the handshake of a client."""
    config = Config(app)
    config.load()
    protocol, wire = made(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(head)
    await asyncio.sleep(0)
    return protocol, wire


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_frames_are_those_of_the_library(size: int) -> None:
    for message, opcode in (("x" * size, Opcode.TEXT), (b"\xff" * size, Opcode.BINARY)):
        payload = message.encode() if isinstance(message, str) else message
        assert frame_messages([message]) == Frame(opcode, payload).serialize(mask=False)
    assert frame_messages(["马", b"\0"]) == b"\x81\x03\xe9\xa9\xac\x82\x01\0"


async def _considers(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.Event().wait()


async def _fails(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("a fault of ours")


@pytest.fixture(autouse=True)
async def _cancel_other_tasks() -> Any:
    yield
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


@pytest.mark.parametrize("made", PROTOCOLS)
async def test_a_handshake_during_shutdown_can_be_retried_elsewhere(made: type[AnyProtocol]) -> None:
    protocol, wire = await _send_handshake(_considers, made)
    protocol.shutdown()
    assert wire.heard.startswith(b"HTTP/1.1 503 ") and wire.closed


@pytest.mark.parametrize("made", PROTOCOLS)
async def test_a_fault_is_answered_with_500(made: type[AnyProtocol]) -> None:
    _, wire = await _send_handshake(_fails, made)
    assert wire.heard.startswith(b"HTTP/1.1 500 ") and wire.closed


@pytest.mark.parametrize("end", ["refused", "shutdown"])
async def test_a_peer_that_does_not_read_the_end_is_cut(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """Even if no application has started, or it is still busy."""
    monkeypatch.setattr(lean_websocket, "CLOSE_TIMEOUT_SECONDS", 0.01)
    head = HANDSHAKE.replace(b"Version: 13", b"Version: 8") if end == "refused" else HANDSHAKE
    protocol, wire = await _send_handshake(_considers, LeanWebSocketProtocol, head)
    if end == "shutdown":
        protocol.shutdown()
    assert wire.closed
    await wait_until(lambda: wire.is_cut)
