"""Serves clients whose network lets no WebSocket through: the JSON protocol over HTTP calls, before Django.

A waiting poll holds a coroutine: no thread, no database connection, and none of the places of IM_HTTP_CONCURRENCY.

Each call needs an origin that may open a WebSocket, and a header that forms cannot set. Browsers ask first whether a
page of another site may set it: only those that embed a channel may, for widgets' connections, which know no cookie.
"""

from __future__ import annotations

from typing import Any

from chat.consumers.handshake import header
from chat.polling.calls import Answer, PollingCalls, refusal, retry_after_seconds
from chat.polling.endpoints import ENDPOINTS, PollingEndpoint
from imsite.server.fast_path import WRITE_RESPONSE, Application, Receive, Scope, Send
from imsite.server.middleware_headers import header_lines

ACTIONS = frozenset({"poll", "send", "close"})
"""Calls to a connection."""
OPEN = "open"
"""The call that makes one."""
CONNECTION_HEADER = b"x-polling-connection"
"""The id of the connection; `new` to open one. Not in the URL, which proxies log."""
NEW = "new"
PATHS = frozenset(endpoint.prefix + action for endpoint in ENDPOINTS for action in (*ACTIONS, OPEN))
MAX_BODY_BYTES = 262_144
PREFLIGHT_SECONDS = 7200
"""Seconds for which a browser need not ask again whether a page may call. No browser keeps the answer longer."""

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
    """ASGI application that answers the calls of ENDPOINTS, and passes all other requests to `rest`."""

    def __init__(self, rest: Application) -> None:
        self._rest = rest
        self._calls = PollingCalls()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        endpoint = next((one for one in ENDPOINTS if path.startswith(one.prefix)), None)
        if endpoint is None:
            await self._rest(scope, receive, send)
            return
        is_admitted = scope["method"] in ("POST", "OPTIONS") and endpoint.admits(scope)
        status, body = await self._respond(endpoint, scope, receive, is_admitted=is_admitted)
        if not status:
            return
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
        if endpoint.is_open_to_other_origins:
            headers += _cors_headers(scope, is_admitted=is_admitted)
        if (seconds := retry_after_seconds((status, body))) is not None:
            headers.append((b"retry-after", b"%d" % seconds))
        write = scope.get("extensions", _NO_EXTENSIONS).get(WRITE_RESPONSE)
        if write is not None and write(status, header_lines(headers), body):
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, endpoint: PollingEndpoint, scope: Scope, receive: Receive, *, is_admitted: bool) -> Answer:
        action = scope["path"].removeprefix(endpoint.prefix)
        connection = header(scope, CONNECTION_HEADER)
        content_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
        if action not in ACTIONS and action != OPEN:
            return refusal(404, "unknown_call")
        if scope["method"] == "OPTIONS" and is_admitted and endpoint.is_open_to_other_origins:
            return 200, b"{}"
        if scope["method"] != "POST":
            return refusal(405, "post_only")
        if connection is None or content_type != "application/json" or (action == OPEN) != (connection == NEW):
            return refusal(403, "header_missing")
        if not is_admitted:
            return refusal(403, "foreign_origin")
        body = await _read_body(receive)
        if body is None:
            return _GONE
        if len(body) > MAX_BODY_BYTES:
            return refusal(413, "too_large")
        if action == OPEN:
            return await self._calls.open(endpoint, scope)
        client = scope.get("client") or ("",)
        return await self._calls.call(action, connection, endpoint.owner_of(scope), body, client[0])


def _cors_headers(scope: Scope, *, is_admitted: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers by which a browser lets an admitted page make a call and read its answer, without cookies."""
    headers = [(b"vary", b"Origin")]
    if is_admitted:
        headers.append((b"access-control-allow-origin", (header(scope, b"origin") or "").encode("latin-1")))
        if scope["method"] == "OPTIONS":
            headers += [
                (b"access-control-allow-methods", b"POST"),
                (b"access-control-allow-headers", b"content-type, " + CONNECTION_HEADER),
                (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
            ]
    return headers


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
