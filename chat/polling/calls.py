"""Answers the HTTP calls of polling connections, on this node or by the node that has the connection."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec
from django.conf import settings
from django.utils.crypto import constant_time_compare

from accounts.rate_limits import anonymous_retry_after, count_anonymous
from chat.node.lifecycle import Node, start_node
from chat.polling.connection import Busy, OutOfStep, PollingConnection, Superseded
from chat.polling.connection_ids import create_id, node_of
from chat.polling.endpoints import UNKNOWN_BROWSER, PollingEndpoint
from delivery.metrics import POLLING_CONNECTIONS

MAX_ENDED = 1000
"""Connections that the server has ended and whose clients may still ask why. The oldest are forgotten first."""
MAX_LONG_POLLS = 3
"""Connections of a browser whose polls wait long. Without HTTP/2, a browser has six connections for all its tabs."""
SHORT_WAIT_SECONDS = 2.0

Answer = tuple[int, bytes]
"""Status and JSON body."""


class Poll(msgspec.Struct):
    """The body of a poll: everything up to frame `after` has arrived."""

    after: int


class Send(msgspec.Struct):
    """The body of a call that sends frames. `first` is the number of the first one."""

    first: int
    frames: list[str]


class Refusal(msgspec.Struct, omit_defaults=True):
    """The body of a refusal. `retryAfter`: the seconds after which the same call may succeed."""

    reason: str
    retryAfter: float | None = None


def refusal(status: int, reason: str, retry_after: float | None = None) -> Answer:
    """Return the answer that refuses a call."""
    return status, msgspec.json.encode(Refusal(reason, retry_after))


def retry_after_seconds(answer: Answer) -> int | None:
    """Return the whole seconds for the header Retry-After; None if the answer does not say when to try again."""
    status, body = answer
    seconds = msgspec.json.decode(body, type=Refusal).retryAfter if status in (429, 503) else None
    return None if seconds is None else max(1, math.ceil(seconds))


UNKNOWN = refusal(404, "unknown_connection")
"""Also the answer to a client with another session, which learns nothing."""
UNREACHABLE = refusal(404, "node_unreachable")
"""Also final: another connection is open sooner than a node that does not answer comes back."""


class PollingCalls:
    """The polling connections of this node, by id, and the calls of their clients."""

    def __init__(self) -> None:
        self._connections: dict[str, PollingConnection] = {}
        self._ended: dict[str, None] = {}
        self._open_by_browser: Counter[str] = Counter()
        POLLING_CONNECTIONS.set_function(self._open_by_browser.total)

    async def open(self, endpoint: PollingEndpoint, scope: dict[str, Any]) -> Answer:
        """Open a connection for this HTTP request, as if it were the handshake of a WebSocket."""
        node = await start_node()
        node.answer_poll(self.answer)
        connection_id = create_id(node.nodes.id)
        handshake = {
            "type": "websocket",
            "scheme": "wss" if scope.get("scheme") == "https" else "ws",
            "path": endpoint.path,
            "query_string": scope.get("query_string", b""),
            "headers": scope["headers"],
            "client": scope["client"],
            "extensions": {"websocket.http.response": {}},
        }
        browser = endpoint.browser_of(scope)
        connection = self._connections[connection_id] = PollingConnection(
            endpoint.consumer,
            handshake,
            owner=endpoint.owner_of(scope),
            browser=browser,
            on_close=lambda: self._keep_ended(connection_id, browser),
            on_forget=lambda: self._forget(connection_id),
        )
        self._open_by_browser[browser] += 1
        status = await connection.opened()
        if status != 200:
            self._forget(connection_id)
            return refusal(status, "refused", connection.retry_after)
        return 200, msgspec.json.encode({"connection": connection_id})

    async def call(self, action: str, connection_id: str, owner: str, body: bytes, address: str) -> Answer:
        """Answer a call to a connection of any node. `owner`: see `PollingEndpoint`.

        Calls to connections that do not exist count for the client's address. Beyond its limit, none is forwarded.
        """
        if connection_id in self._connections:
            return await self.answer(action, connection_id, owner, body)
        if wait := anonymous_retry_after(address):
            return refusal(429, "rate_limited", round(wait, 3))
        node_id, node = node_of(connection_id), await start_node()
        answer = UNKNOWN
        if node_id is not None and node_id != node.nodes.id:
            answer = await self._forward(node, node_id, (action, connection_id, owner, body))
        if answer[0] == UNKNOWN[0]:
            count_anonymous(address)
        return answer

    async def _forward(self, node: Node, node_id: str, call: tuple[str, str, str, bytes]) -> Answer:
        try:
            answer = await node.forward_poll(node_id, *call)
        except ConnectionError:
            return UNREACHABLE
        return answer or UNKNOWN

    async def answer(self, action: str, connection_id: str, owner: str, body: bytes) -> Answer:
        """Answer a call to a connection of this node."""
        connection = self._connections.get(connection_id)
        if connection is None or not constant_time_compare(connection.owner, owner):
            return UNKNOWN
        if not connection.count_call():
            return refusal(429, "rate_limited", round(connection.calls.retry_after(), 3))
        try:
            return await self._handle(action, connection, body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return refusal(400, "illegal_body")
        except OutOfStep:
            return refusal(400, "out_of_step")
        except Superseded:
            return refusal(409, "superseded")
        except Busy:
            return refusal(409, "busy")

    def _keep_ended(self, connection_id: str, browser: str) -> None:
        self._open_by_browser[browser] -= 1
        if not self._open_by_browser[browser]:
            del self._open_by_browser[browser]
        if connection_id in self._connections:
            self._ended[connection_id] = None
            if len(self._ended) > MAX_ENDED:
                self._forget(next(iter(self._ended)))

    def _forget(self, connection_id: str) -> None:
        self._ended.pop(connection_id, None)
        self._connections.pop(connection_id, None)

    def _wait_seconds(self, browser: str) -> float:
        longest: float = settings.IM_POLLING_WAIT
        is_crowded = browser != UNKNOWN_BROWSER and self._open_by_browser[browser] > MAX_LONG_POLLS
        return min(SHORT_WAIT_SECONDS, longest) if is_crowded else longest

    async def _handle(self, action: str, connection: PollingConnection, body: bytes) -> Answer:
        if action == "poll":
            after = msgspec.json.decode(body, type=Poll).after
            output = await connection.poll(after, self._wait_seconds(connection.browser))
            answer: dict[str, Any] = {"frames": output.frames, "last": output.last}
            if output.closed is not None:
                answer |= {"code": output.closed[0], "closeReason": output.closed[1]}
            return 200, msgspec.json.encode(answer)
        if action == "send":
            call = msgspec.json.decode(body, type=Send)
            return 200, msgspec.json.encode({"last": await connection.receive(call.first, call.frames)})
        connection.close()
        return 200, b"{}"
