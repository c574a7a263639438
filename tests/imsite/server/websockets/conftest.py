"""A server for each WebSocket class, shared by the tests of a file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from imsite.server.runner import LEAN_WEBSOCKETS, UVICORN_WEBSOCKETS
from tests.support.bare_socket import BareSocket
from tests.support.websocket_server import WebSocketServer

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=(UVICORN_WEBSOCKETS, LEAN_WEBSOCKETS), ids=lambda name: name.rpartition(":")[2])
def ws(request: pytest.FixtureRequest) -> str:
    """Return the name of a WebSocket class of ours."""
    return str(request.param)


@pytest.fixture(scope="module")
def server(ws: str) -> Iterator[WebSocketServer]:
    with WebSocketServer(ws) as running:
        yield running


@pytest.fixture
def peer(server: WebSocketServer) -> Iterator[BareSocket]:
    """Return a connection that gets each of its messages back."""
    with server.connect() as socket:
        assert socket.status == 101
        yield socket


@pytest.fixture
def name() -> str:
    """Return a name for a connection, which no other test has."""
    return f"connection-{next(_numbers)}"
