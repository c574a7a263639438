"""Our WebSocket protocols differ from uvicorn's in these answers; the consumers' tests cover the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from imsite.server.lean_websocket import LeanWebSocketProtocol
from imsite.server.websocket import WebSocketProtocol

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

    def write(self, data: Any) -> None:
        self.heard += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def _send_handshake(app: Any, made: type[AnyProtocol]) -> tuple[AnyProtocol, Wire]:
    """Send the handshake of a client."""
    config = Config(app)
    config.load()
    protocol, wire = made(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(HANDSHAKE)
    await asyncio.sleep(0)
    return protocol, wire


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
