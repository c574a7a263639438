"""Requests to an ASGI application without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request as a client sends it: its target, and headers beside Host and Content-Length."""

    target: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    host: str = "testserver"
    scheme: str = "http"

    def scope(self) -> dict[str, Any]:
        path, _, query = self.target.partition("?")
        lengths = {"Content-Length": str(len(self.body))} if self.body else {}
        headers = {"Host": self.host, "User-Agent": "test", "Accept": "*/*", **lengths, **self.headers}
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "path": unquote(path),
            "raw_path": path.encode("latin1"),
            "query_string": query.encode("latin1"),
            "root_path": "",
            "scheme": self.scheme,
            "client": (self.address, 50000),
            "server": ("127.0.0.1", 8000),
            "headers": [(name.lower().encode(), value.encode("latin1")) for name, value in headers.items()],
        }


@dataclass(frozen=True)
class Response:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


async def ask(application: Application, request: Request) -> Response:
    """Return the application's response."""
    events: list[dict[str, Any]] = []
    unread = [request.body]

    async def receive() -> dict[str, Any]:
        if not unread:
            # As a server does while the client waits for its response.
            await asyncio.Event().wait()
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    async def send(event: dict[str, Any]) -> None:
        events.append(event)

    await application(request.scope(), receive, send)
    start, *parts = events
    return Response(start["status"], tuple(start["headers"]), b"".join(part.get("body", b"") for part in parts))
