"""Serves clients whose network lets no WebSocket through: the JSON protocol over HTTP calls, before Django.

A waiting poll holds a coroutine: no thread, no database connection, and none of the places of IM_HTTP_CONCURRENCY.

No call can be made by another site: each needs a header that forms cannot set and for which browsers ask first, which
is never allowed; and each needs an origin that may open a WebSocket.
"""

from __future__ import annotations

from typing import Any

from chat.consumers.handshake import header, scope_origin_allowed
from chat.polling.calls import Answer, PollingCalls, owner_of, refusal, retry_after_seconds
from imsite.server.fast_path import WRITE_RESPONSE, Application, Receive, Scope, Send
from imsite.server.middleware_headers import header_lines

PREFIX = "/acc/polling/"
ACTIONS = frozenset({"poll", "send", "close"})
"""Calls to a connection."""
OPEN = "open"
"""The call that makes one."""
CONNECTION_HEADER = b"x-polling-connection"
"""The id of the connection; `new` to open one. Not in the URL, which proxies log."""
NEW = "new"
MAX_BODY_BYTES = 262_144

_GONE: Answer = (0, b"")
"""The client has disconnected before its body was complete."""
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
)
_NO_EXTENSIONS: dict[str, Any] = {}


class Polling:
    """ASGI application that answers the calls below PREFIX, and passes all other requests to `rest`."""

    def __init__(self, rest: Application) -> None:
        self._rest = rest
        self._calls = PollingCalls()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        status, body = await self._respond(scope, receive)
        if not status:
            return
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
        if (seconds := retry_after_seconds((status, body))) is not None:
            headers.append((b"retry-after", b"%d" % seconds))
        write = scope.get("extensions", _NO_EXTENSIONS).get(WRITE_RESPONSE)
        if write is not None and write(status, header_lines(headers), body):
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Scope, receive: Receive) -> Answer:
        action = scope["path"].removeprefix(PREFIX)
        connection = header(scope, CONNECTION_HEADER)
        content_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
        if action not in ACTIONS and action != OPEN:
            return refusal(404, "unknown_call")
        if scope["method"] != "POST":
            return refusal(405, "post_only")
        if connection is None or content_type != "application/json" or (action == OPEN) != (connection == NEW):
            return refusal(403, "header_missing")
        if not scope_origin_allowed(scope):
            return refusal(403, "foreign_origin")
        body = await _read_body(receive)
        if body is None:
            return _GONE
        if len(body) > MAX_BODY_BYTES:
            return refusal(413, "too_large")
        if action == OPEN:
            return await self._calls.open(scope)
        client = scope.get("client") or ("",)
        return await self._calls.call(action, connection, owner_of(scope), body, client[0])


async def _read_body(receive: Receive) -> bytes | None:
    """Return the body, or more than MAX_BODY_BYTES of a larger one; None if the client disconnects."""
    body = bytearray()
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)
