"""The survivors of a long full collection are exempted from the next one, so requests must not need the collector."""

from __future__ import annotations

import gc
import socket
import weakref
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from imsite.server import garbage_collection
from imsite.server.garbage_collection import CollectionLimiter
from imsite.server.http import HttpProtocol
from imsite.server.runner import LEAN_WEBSOCKETS
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.websocket_server import WebSocketServer, wait_for


@pytest.mark.parametrize(
    ("generation", "limit_seconds", "is_frozen"), [(2, 0.0, True), (2, 3600.0, False), (1, 0.0, False)]
)
def test_only_a_long_full_collection_freezes(
    monkeypatch: pytest.MonkeyPatch, generation: int, limit_seconds: float, is_frozen: bool
) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(garbage_collection.gc, "freeze", lambda: frozen.append(True))
    monkeypatch.setattr(garbage_collection, "LONG_COLLECTION_SECONDS", limit_seconds)
    limiter = CollectionLimiter()
    for phase in ("start", "stop"):
        limiter(phase, {"generation": generation})  # type: ignore[arg-type]
    assert bool(frozen) is is_frozen


def test_an_http_request_is_freed_without_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    cycles: list[weakref.ref[RequestResponseCycle]] = []
    start = HttpProtocol._start_asgi_task

    def record(protocol: HttpProtocol, cycle: RequestResponseCycle, app: Any) -> None:
        cycles.append(weakref.ref(cycle))
        start(protocol, cycle, app)

    monkeypatch.setattr(HttpProtocol, "_start_asgi_task", record)
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with WebSocketServer(LEAN_WEBSOCKETS) as server:
            with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS) as client:
                client.sendall(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = b""
                while not answer.endswith(b"/hello"):
                    answer += client.recv(1000)
            wait_for(lambda: [cycle() for cycle in cycles] == [None])
    finally:
        if was_enabled:
            gc.enable()
