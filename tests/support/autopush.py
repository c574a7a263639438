"""A push service for Firefox: its browsers connect by WebSocket and are passed what the site posts.

The protocol is that of https://mozilla-push-service.readthedocs.io/en/latest/design/.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from types import TracebackType
from typing import Any

from websockets import ConnectionClosed
from websockets.asyncio.server import Server, ServerConnection, serve

from tests.support.bidi import Firefox
from tests.support.push_service import PushMessage, PushService, base64url
from tests.support.waiting import wait_until

_CONNECT = """() => Services.prefs.setBoolPref("dom.push.connection.enabled", true)"""


class Autopush:
    """Registers the subscriptions of one Firefox at a `PushService`. An asynchronous context manager."""

    def __init__(self, service: PushService) -> None:
        self.registered: list[str] = []
        """The channels that the browser has registered, and not ended."""
        self.acknowledged: list[str] = []
        """The versions of the messages that the browser has taken."""
        self._service = service
        self._server: Server | None = None
        self._socket: ServerConnection | None = None

    @property
    def preferences(self) -> dict[str, str | bool | int]:
        """The preferences with which Firefox uses this service, and asks nobody before it shows notifications."""
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return {
            "dom.push.serverURL": f"ws://127.0.0.1:{port}/",
            "dom.push.testing.allowInsecureServerURL": True,
            "permissions.default.desktop-notification": 1,
            "alerts.useSystemBackend": True,
        }

    async def __aenter__(self) -> Autopush:
        self._server = await serve(self._serve, "127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        self._service.listeners.append(lambda path, message: loop.call_soon_threadsafe(self._pass_on, path, message))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def connect(self, firefox: Firefox) -> None:
        """Let Firefox connect, which it does not do by itself while a program drives it."""
        await firefox.run_in_window(_CONNECT)
        await wait_until(lambda: self._socket is not None)

    async def _serve(self, socket: ServerConnection) -> None:
        self._socket = socket
        # A browser that ends says nothing.
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                answer = self._answer(json.loads(text))
                if answer is not None:
                    await socket.send(json.dumps(answer))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        kind, channel = request.get("messageType"), request.get("channelID", "")
        match kind:
            case "hello":
                return {"messageType": kind, "status": 200, "uaid": uuid.uuid4().hex, "use_webpush": True}
            case "register":
                self.registered.append(channel)
                endpoint = f"{self._service.url}/{channel}"
                return {"messageType": kind, "status": 200, "channelID": channel, "pushEndpoint": endpoint}
            case "unregister":
                self.registered.remove(channel)
                return {"messageType": kind, "status": 200, "channelID": channel}
            case "ack":
                self.acknowledged += [update["version"] for update in request["updates"]]
            case "ping":
                return {"messageType": kind}
        return None

    def _pass_on(self, path: str, message: PushMessage) -> None:
        assert self._socket is not None
        headers = {name.lower(): value for name, value in message.headers.items()}
        notification = {
            "messageType": "notification",
            "channelID": path.removeprefix("/"),
            "version": uuid.uuid4().hex,
            "data": base64url(message.body),
            "headers": {"encoding": headers["content-encoding"]},
        }
        self._sending = asyncio.ensure_future(self._socket.send(json.dumps(notification)))
