"""Answers frequent HTTP calls on the event loop, before Django, whose request handling costs fifty times as much.

Every request that `chat.api.common.fast_path` does not know completely goes to Django, which has a view for each call.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings

from chat.api.common.fast_path import FastCall, fast_request
from chat.api.common.networks import is_from_networks
from chat.api.legacy import user_calls
from chat.api.v1 import messages, presence
from delivery.event_loop import is_on_loop
from imsite.monitoring.views import VIEWS as MONITORING_VIEWS
from imsite.server.middleware_headers import complete_headers, header_lines

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CALLS: tuple[FastCall, ...] = (
    user_calls.online_users,
    user_calls.user_online,
    user_calls.send_message,
    user_calls.send_message_to_app,
    messages.send_message,
    messages.send_messages,
    presence.query_presence,
    presence.user_presence,
)
WRITE_RESPONSE = "imsite.write_response"
"""ASGI extension: a function that writes status, header lines and body of a whole response at once.

It returns False if it cannot, because the client reads too slowly.
"""
_HEALTH_PATH = "/healthz"
_NO_EXTENSIONS: dict[str, Any] = {}
# Django logs failed requests under this name.
_logger = logging.getLogger("django.request")


class FastPath:
    """ASGI application that answers the calls of CALLS and /healthz, and passes all other requests to `django`.

    Without a running node, and without IM_FAST_PATH, all requests go to `django`.
    """

    def __init__(self, django: Application, calls: Sequence[FastCall] = CALLS) -> None:
        self._django = django
        self._calls = {call.path: call for call in calls if "<" not in call.path}
        self._calls_by_prefix = {
            call.path.partition("<")[0]: (call, call.path.partition("<")[2].partition(">")[0])
            for call in calls
            if call.path.endswith(">/")
        }
        """Calls with a parameter at the end of their path, and its name, by the path before it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if settings.IM_FAST_PATH and is_on_loop():
            answer = await self.respond(scope, receive)
        if answer is None:
            await self._django(scope, receive, send)
            return
        status, headers, body = answer
        write = scope.get("extensions", _NO_EXTENSIONS).get(WRITE_RESPONSE)
        # The answer of _HEALTH_PATH has no length.
        if write is not None and scope["path"] != _HEALTH_PATH and write(status, header_lines(headers), body):
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def respond(self, scope: Scope, receive: Receive) -> tuple[int, Headers, bytes] | None:
        """Return status, headers and body of the answer; None for a request that Django must answer."""
        path, method = scope["path"], scope["method"]
        if path == _HEALTH_PATH:
            return _health(scope) if method == "GET" else None
        call, parameters = self._find(path)
        if call is None or method != call.method:
            return None
        request = fast_request(scope)
        if request is None or not request.has_allowed_host():
            return None
        if method == "POST" and request.has_form != call.takes_form:
            return None
        request.receive, request.path_parameters = receive, parameters
        answer = await call.respond(request)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _logger.error("%s: %s", HTTPStatus(answer.status).phrase, path)
        return answer.status, complete_headers(request, answer), answer.body

    def _find(self, path: str) -> tuple[FastCall | None, dict[str, str]]:
        if (call := self._calls.get(path)) is not None:
            return call, {}
        prefix, _, value = path[:-1].rpartition("/")
        found = self._calls_by_prefix.get(f"{prefix}/")
        if found is None or not value or path[-1] != "/":
            return None, {}
        return found[0], {found[1]: value}


def _health(scope: Scope) -> tuple[int, Headers, bytes] | None:
    request: Any = fast_request(scope)
    if request is None or not is_from_networks(request, settings.IM_MONITORING_NETWORKS):
        return None
    response = MONITORING_VIEWS[_HEALTH_PATH](request)
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    return response.status_code, headers, response.content
