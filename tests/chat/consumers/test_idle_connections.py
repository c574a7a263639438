"""An idle connection keeps no task and nothing of its request, and an ended one leaves nothing to the collector."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from chat.consumers.json_consumer import JsonConsumer
from imsite.server.lean_websocket import LeanWebSocketProtocol
from tests.imsite.server.test_websocket import HANDSHAKE, Wire
from tests.support.bare_socket import CLOSE, TEXT, frame
from tests.support.in_process import running_node
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Request:
    """Stands for the headers in the scope."""


async def test_an_idle_connection_keeps_no_task_and_no_request() -> None:
    requests: list[weakref.ref[Request]] = []
    consumers: list[weakref.ref[JsonConsumer]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope["request"] = Request()
        requests.append(weakref.ref(scope["request"]))
        consumer = JsonConsumer()
        consumers.append(weakref.ref(consumer))
        await consumer(scope, receive, send)

    config, state, wire = Config(application), ServerState(), Wire()
    config.load()
    async with running_node() as node:
        protocol = LeanWebSocketProtocol(config, state, {})
        protocol.connection_made(wire)
        protocol.data_received(HANDSHAKE)
        await wait_until(lambda: b"101 Switching" in wire.heard)
        for number in range(1, 3):
            protocol.data_received(frame(TEXT, b'{"seq":"%d","cmd":"ping"}' % number))
            await wait_until(lambda number=number: b'"seq":"%d"' % number in wire.heard)  # type: ignore[misc]
            assert not state.tasks
            assert requests[0]() is None
        assert len(node.hub.connections) == 1 and consumers[0]() is not None

        protocol.data_received(frame(CLOSE, (1000).to_bytes(2, "big")))
        await wait_until(lambda: not node.hub.connections and not state.tasks)
        protocol.connection_lost(None)
        del protocol
        # The tests run without garbage collection.
        await wait_until(lambda: consumers[0]() is None)
