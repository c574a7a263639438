"""An ASGI application without a site behind uvicorn and a WebSocket class of ours, in a thread of this process.

The path of a handshake says what the application does with the connection, its query string which connection it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import uvicorn

from imsite.server.runner import uvicorn_config
from tests.support.bare_socket import BareSocket
from tests.support.waiting import TIMEOUT_SECONDS

FLOOD_MESSAGE = b"x" * 65_000
FLOOD_MESSAGES = 400
"""Messages of `/flood`, 26 MB together: more than the buffers of both ends hold."""
LARGE_BODY = b"y" * 12_000_000
"""The answer to the request `/large`: more than the buffers of both ends hold."""
SERVER_CLOSE = (4001, "über")
"""Code and reason with which `/close` closes a connection after its first message."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Server(uvicorn.Server):
    """Without the site's own start and drain."""


class WebSocketServer:
    """Serves this application over the WebSocket class `ws`, with the limits of the site and these `options`."""

    def __init__(self, ws: str, **options: Any) -> None:
        self.port = 0
        self.ends: dict[str, int] = {}
        """The close code that the application was told, by connection."""
        self.sent: dict[str, int] = {}
        """Messages that the application has sent, by connection."""
        self.scopes: dict[str, dict[str, Any]] = {}
        self.may_read = threading.Event()
        """While it is cleared, `/late` receives nothing."""
        config = uvicorn_config("127.0.0.1", 0)
        config.ws, config.lifespan, config.app, config.interface = ws, "off", self._application, "asgi3"
        for name, value in options.items():
            assert hasattr(config, name), name
            setattr(config, name, value)
        self._server = _Server(config)
        self._listener = socket.socket()
        self._thread = threading.Thread(target=self._run, name="websocket server", daemon=True)

    def connect(self, path: str = "/echo", *, name: str = "", **how: Any) -> BareSocket:
        """Return a new connection; the caller closes it."""
        return BareSocket(self, path=path, query=f"?{name}" if name else "", **how)

    def end_of(self, name: str) -> int:
        """Wait for the end of this connection and return its code."""
        wait_for(lambda: name in self.ends)
        return self.ends[name]

    @property
    def tasks(self) -> int:
        """Return how many tasks of applications there are."""
        return len(self._server.server_state.tasks)

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._server.server_state.connections)

    def __enter__(self) -> WebSocketServer:
        self._listener.bind(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread.start()
        wait_for(lambda: self._server.started or not self._thread.is_alive())
        assert self._server.started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.may_read.set()
        self._server.should_exit = True
        self._thread.join(TIMEOUT_SECONDS)
        self._listener.close()

    def _run(self) -> None:
        self._server.run([self._listener])

    # -- the application ------------------------------------------------------------------------------------------

    async def _application(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Slow enough that what is pipelined behind it arrives first.
            await asyncio.sleep(0.05)
            body = LARGE_BODY if scope["path"] == "/large" else scope["path"].encode()
            headers = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        name = scope["query_string"].decode()
        self.scopes[name] = dict(scope)
        assert (await receive())["type"] == "websocket.connect"
        behaviour = getattr(self, f"_{scope['path'].strip('/')}", self._echo)
        await behaviour(name, scope, receive, send)

    async def _echo(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            with contextlib.suppress(Exception):
                await send(event | {"type": "websocket.send"})
        self.ends[name] = event["code"]

    async def _parked(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Echo like `/echo`, and return whenever the server lets the application do so."""
        park = scope["extensions"]["imsite.socket"]["socket"].park
        await send({"type": "websocket.accept"})

        async def serve() -> None:
            while (event := await receive())["type"] == "websocket.receive":
                await send(event | {"type": "websocket.send"})
                self.sent[name] = self.sent.get(name, 0) + 1
                if park is not None:
                    park(serve)
                    return
            self.ends[name] = event["code"]

        await serve()

    async def _late(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await asyncio.get_running_loop().run_in_executor(None, self.may_read.wait)
        while (event := await receive())["type"] == "websocket.receive":
            self.sent[name] = self.sent.get(name, 0) + 1
        self.ends[name] = event["code"]

    async def _flood(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        flood = asyncio.create_task(self._send_flood(name, send))
        self.ends[name] = (await receive())["code"]
        flood.cancel()

    async def _send_flood(self, name: str, send: Send) -> None:
        for number in range(FLOOD_MESSAGES):
            await send({"type": "websocket.send", "bytes": number.to_bytes(2, "big") + FLOOD_MESSAGE})
            self.sent[name] = number + 1

    async def _close(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()
        code, reason = SERVER_CLOSE
        await send({"type": "websocket.close", "code": code, "reason": reason})
        while (event := await receive())["type"] == "websocket.receive":
            self.sent[name] = self.sent.get(name, 0) + 1
        self.ends[name] = event["code"]

    async def _refused(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": 4403})
        self.ends[name] = (await receive())["code"]

    async def _busy(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = [(b"retry-after", b"5"), (b"content-type", b"text/plain")]
        await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b"Full. ", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"Try again later.\n"})
        self.ends[name] = (await receive())["code"]

    async def _subprotocol(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        extra = [(b"X-Extra", "é".encode("latin-1"))]
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][-1], "headers": extra})
        self.ends[name] = (await receive())["code"]

    async def _fault(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        raise ValueError("a fault of the application")

    async def _later_fault(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()
        raise ValueError("a fault of the application")

    async def _nothing(self, name: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Return without an answer."""


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, from a thread without an event loop. Raises TimeoutError if it never does."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.002)
