"""Calls of `/api/v1/` that are answered on the event loop: each is declared once, for the fast path, DRF and OpenAPI.

A call is a coroutine with `@async_call`. It takes a CallContext, the body as an instance of the declared shape, and the
parameter of the path by its name; it returns the answer's body or raises. It waits only as `delivery.event_loop`
describes, because the DRF view runs it in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern
from django.urls import path as url_path
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.common.admission import admit_to_v1
from chat.api.common.authentication import caller_of
from chat.api.common.fast_path import ALLOWED_METHODS, Answer, FastRequest, not_sent
from chat.api.common.throttles import Allowance, throttles
from chat.api.v1 import problems
from chat.api.v1.access import require_permission
from chat.api.v1.endpoint import Endpoint, answer, encode, idempotency_key, parse_body, response_headers
from chat.api.v1.openapi import described
from chat.api.v1.schema import Shape
from delivery.event_loop import is_on_loop, run_blocking

if TYPE_CHECKING:
    from accounts.caches.callers import Caller
    from accounts.models import User
    from delivery.idempotency import IdempotencyKey

Handler = Callable[..., Coroutine[Any, Any, dict[str, Any]]]

PREFIX = "/api/v1/"


@dataclass(slots=True)
class CallContext:
    """A call as its handler sees it. `call` is method and path; the handler may set the `status` of a success."""

    user: User
    credential: str
    call: str
    headers: Mapping[str, str]
    status: int = 200

    async def charge(self, messages: int) -> None:
        """Do what `Endpoint.charge` does."""
        if is_on_loop():
            (await throttles.messages.draw_async(self.credential, messages)).require()
        else:
            throttles.messages.take(self.credential, messages)

    def idempotency(self, data: Shape, key: str | None = None) -> IdempotencyKey | None:
        """Do what `Endpoint.idempotency` does."""
        return idempotency_key(self.call, data, caller_id=self.user.pk, header=self.headers, key=key)


@dataclass(frozen=True)
class AsyncCall:
    """A declared call: its path below PREFIX, its method and permission, and the DRF view made of it."""

    method: str
    route: str
    permission: str | None
    takes: type[Shape] | None
    handler: Handler
    view: type[Endpoint]
    takes_form = False

    @property
    def path(self) -> str:
        return PREFIX + self.route

    @property
    def url(self) -> URLPattern:
        """Return the pattern of the view, for the URL configuration below PREFIX."""
        pattern: URLPattern = url_path(self.route, self.view.as_view())
        return pattern

    async def respond(self, request: FastRequest) -> Answer:
        """Answer a call of the fast path. A refusal is an answer too."""
        allowances: list[Allowance] = []
        status, headers = 200, {"Content-Type": "application/json"}
        try:
            caller = await admit_to_v1(request, lambda: caller_of(request), self._require, allowances.append)
            assert caller is not None
            if self.takes is not None and not await request.read_body():
                return not_sent()
            context = CallContext(caller.user, caller.credential, f"{self.method} {request.path}", request.headers)
            data = () if self.takes is None else (parse_body(request.body, self.takes),)
            body = await self.handler(context, *data, **request.path_parameters)
            status = context.status
            problems.log_success()
        except Exception as error:
            body = problems.problem_of_error(error, call=request.path)
            status, headers = body["status"], {"Content-Type": problems.MEDIA_TYPE, **problems.problem_headers(body)}
        headers["Allow"] = ", ".join(ALLOWED_METHODS[self.method])
        return Answer(status, headers | response_headers(request, allowances[0] if allowances else None), encode(body))

    def _require(self, caller: Caller | None) -> None:
        require_permission(self.permission, None if caller is None else caller.may)


def async_call(
    method: str,
    route: str,
    summary: str,
    *,
    permission: str | None,
    takes: type[Shape] | None = None,
    **documentation: Any,
) -> Callable[[Handler], AsyncCall]:
    """Declare a call. `documentation` is that of `described`; the docstring is the description."""

    def declare(handler: Handler) -> AsyncCall:
        def respond(view: Endpoint, request: Request, **parameters: str) -> Response:
            data = () if takes is None else (view.body(request, takes),)
            context = CallContext(request.user, request.auth, f"{method} {request.path}", request.headers)
            body = run_blocking(handler(context, *data, **parameters))
            return answer(body, context.status)

        respond.__name__, respond.__doc__ = method.lower(), handler.__doc__
        members = {
            "permissions": {method: permission},
            method.lower(): described(summary, takes=takes, **documentation)(respond),
            "__module__": handler.__module__,
        }
        name = f"{handler.__name__.title().replace('_', '')}View"
        return AsyncCall(method, route, permission, takes, handler, type(name, (Endpoint,), members))

    return declare
