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
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.v1.async_call import PREFIX
from chat.api.v1.body_receivers import BodyReceiver

if TYPE_CHECKING:
    from accounts.models import User

_PIECE_BYTES = 262_144

Begin = Callable[["User", "HttpRequest | Request", Mapping[str, str]], BodyReceiver]


@dataclass(frozen=True)
class StreamedCall:
    """A call: its method, its path below PREFIX, and the function that checks its headers and returns the receiver.

    `begin` gets the request without its body, and the parameters of the path. It raises ChatError.
    """

    method: str
    route: str
    begin: Begin
    headers: Callable[[], dict[str, str]] = dict
    """Returns the headers that are added to every answer."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(PREFIX + re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", self.route))

    def parameters(self, method: str, path: str) -> dict[str, str] | None:
        """Return the parameters of the path; None for a request that is not of this call."""
        match = self._pattern.fullmatch(path) if method == self.method else None
        return None if match is None else match.groupdict()


def receive_body(call: StreamedCall, request: Request, **parameters: str) -> Response:
    """Answer the call from the body that Django has read."""
    receiver = call.begin(request.user, request, parameters)
    try:
        while data := request._request.read(_PIECE_BYTES):
            receiver.feed(data)
        answer = receiver.finish()
    except BaseException:
        receiver.abort()
        raise
    response = Response(status=answer.status, headers=answer.headers)
    if answer.body:
        # It is encoded already.
        response = _EncodedResponse(answer.body, status=answer.status, headers=answer.headers)
    return response


class _EncodedResponse(Response):  # type: ignore[misc]
    @property
    def rendered_content(self) -> bytes:
        return bytes(self.data)
