"""Calls whose body may be large: each is declared once, for the streaming server and for DRF.

`imsite.server.uploads` answers them on the event loop, where a slow client holds no thread. The view in the URL
configuration answers them without that server, such as in tests, from a body that Django has read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.common import cors
from chat.api.common.authentication import TokenOrSessionWithCsrf
from chat.api.common.call_request import CallRequest
from chat.api.common.fast_path import Answer
from chat.api.v1.body_receivers import BodyReceiver

if TYPE_CHECKING:
    from accounts.models import User

_PIECE_BYTES = 262_144

Begin = Callable[["User", "HttpRequest | Request", Mapping[str, str]], BodyReceiver]


def _authenticate(request: HttpRequest) -> tuple[User, str]:
    cors.require_allowed_origin(request)
    known = TokenOrSessionWithCsrf().authenticate(request)
    if known is None:
        raise NotAuthenticated
    return known


@dataclass(frozen=True)
class CallAccess:
    """The rule for the pages and users that may make a call; by default that of the REST API.

    `authenticate` returns the user, and the key under which their requests are limited. It raises AuthenticationFailed
    and ChatError. `page_headers` returns the CORS headers of the answer.
    """

    authenticate: Callable[[HttpRequest], tuple[User, str]] = _authenticate
    page_headers: Callable[[CallRequest], dict[str, str]] = cors.cors_headers


@dataclass(frozen=True)
class StreamedCall:
    """A call: its method, its path, and the function that checks its headers and returns the receiver.

    `begin` gets the request without its body, and the parameters of the path. It raises ChatError.
    """

    method: str
    path: str
    begin: Begin
    headers: Callable[[], dict[str, str]] = dict
    """Returns the headers that are added to every answer."""
    access: CallAccess = CallAccess()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", self.path))

    def parameters(self, method: str, path: str) -> dict[str, str] | None:
        """Return the parameters of the path; None for a request that is not of this call."""
        match = self._pattern.fullmatch(path) if method == self.method else None
        return None if match is None else match.groupdict()


def receive_body(call: StreamedCall, request: Request, **parameters: str) -> Response:
    """Answer the call from the body that Django has read."""
    answer = feed_body(call.begin(request.user, request, parameters), request._request)
    response = Response(status=answer.status, headers=answer.headers)
    if answer.body:
        # It is encoded already.
        response = _EncodedResponse(answer.body, status=answer.status, headers=answer.headers)
    return response


def feed_body(receiver: BodyReceiver, request: HttpRequest) -> Answer:
    """Return the receiver's answer to the body that Django has read."""
    try:
        while data := request.read(_PIECE_BYTES):
            receiver.feed(data)
        return receiver.finish()
    except BaseException:
        receiver.abort()
        raise


class _EncodedResponse(Response):  # type: ignore[misc]
    @property
    def rendered_content(self) -> bytes:
        return bytes(self.data)
