"""Legacy calls that are answered on the event loop: each is declared once, for the fast path, DRF and the documents.

A call is a coroutine with `@async_call`. It takes the request, from which `parameters` reads, and the token's user
(None without a token). It returns the answer's data or raises. It waits only as `delivery.event_loop` describes,
because the DRF view runs it in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern
from django.urls import path as url_path
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from chat import errors
from chat.api.common.admission import admit_to_legacy
from chat.api.common.authentication import caller_of
from chat.api.common.fast_path import ALLOWED_METHODS, Answer, FastRequest, not_sent
from chat.api.legacy.access import has_access
from chat.api.legacy.answers import (
    answer_body,
    encode,
    log_success,
    refusal_headers,
    refusal_of,
    response_headers,
)
from chat.api.legacy.call import LegacyCallView, answer
from chat.api.legacy.openapi import form_call
from chat.api.legacy.parameters import ParameterSource
from chat.errors import Code
from delivery.event_loop import run_blocking

if TYPE_CHECKING:
    from accounts.caches.callers import Caller
    from accounts.models import User

Handler = Callable[[ParameterSource, "User | None"], Coroutine[Any, Any, dict[str, Any]]]


@dataclass(frozen=True)
class AsyncLegacyCall:
    """A declared call: its `path`, such as `/user/online`, its method and permission, and the DRF view made of it."""

    method: str
    path: str
    permission: str
    handler: Handler
    view: type[LegacyCallView]
    takes_form = True

    @property
    def url(self) -> URLPattern:
        """Return the pattern of the view, for URL configurations."""
        pattern: URLPattern = url_path(self.path.removeprefix("/"), self.view.as_view())
        return pattern

    async def respond(self, request: FastRequest) -> Answer:
        """Answer a call of the fast path. A refusal is an answer too."""
        headers = {"Content-Type": "application/json"}
        code, methods = errors.SUCCESS, ALLOWED_METHODS[self.method]
        try:
            caller = await admit_to_legacy(
                request, lambda: caller_of(request), lambda identity: self._require(request, identity)
            )
            if self.method == "POST" and not await request.read_body():
                return not_sent()
            data = await self.handler(request, None if caller is None else caller.user)
            log_success()
        except Exception as error:
            code, data = refusal_of(error, call=self.path, fault=self.view.fault, methods=methods)
            headers |= refusal_headers(data)
        headers["Allow"] = ", ".join(methods)
        return Answer(200, headers | response_headers(request), encode(answer_body(data, code)))

    def _require(self, request: FastRequest, caller: Caller | None) -> None:
        if not has_access(request, self.permission, None if caller is None else caller.may):
            raise PermissionDenied


def async_call(
    path: str,
    summary: str,
    *,
    method: str = "GET",
    permission: str = "chat.use_gateway",
    fault: Code = errors.SERVER_ERROR,
    **documentation: Any,
) -> Callable[[Handler], AsyncLegacyCall]:
    """Declare a call. `fault` is the code of a database error; `documentation` is that of `form_call`.

    The docstring is the description.
    """

    def declare(handler: Handler) -> AsyncLegacyCall:
        def respond(view: LegacyCallView, request: Request) -> Response:
            return answer(run_blocking(handler(request, request.user)))

        respond.__name__, respond.__doc__ = method.lower(), handler.__doc__
        name = f"{handler.__name__.title().replace('_', '')}View"
        described = form_call(summary, **documentation)(respond)
        members = {"permission": permission, "fault": fault, method.lower(): described}
        view = type(name, (LegacyCallView,), {**members, "__module__": handler.__module__})
        return AsyncLegacyCall(method, path, permission, handler, view)

    return declare
