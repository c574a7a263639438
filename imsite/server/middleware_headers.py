"""Adds to answers of the fast path the headers that Django's middleware adds to every response.

The middleware itself makes them, once for each host, scheme and accepted language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from chat.api.common.fast_path import Answer, FastRequest

_ANY_PATH = "/user/list"
"""Middleware treats all calls alike. This path exists, so it is not redirected."""
_CONTENT_LENGTH = "Content-Length"
_CONTROL_CHARACTER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class _MiddlewareOnly(BaseHandler):
    """Django's middleware around an empty response."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)

    def _get_response(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Vary": "Origin"})

    def headers(self, request: HttpRequest) -> dict[str, str]:
        # Middleware changes the language of the present context.
        with translation.override(None):
            response: HttpResponse = self._middleware_chain(request)  # type: ignore[attr-defined]
        return {name: value for name, value in response.items() if name != "Content-Type"}


@cache
def _middleware() -> _MiddlewareOnly:
    return _MiddlewareOnly()


@dataclass(frozen=True, slots=True)
class _Added:
    """Changes that middleware makes to an answer that varies by Origin: another Vary header, and appended headers."""

    vary: str
    appended: tuple[tuple[bytes, bytes], ...]
    """Without Content-Length, whose place among them is `length_index`."""
    length_index: int


@lru_cache(maxsize=1024)
def _added(host: str, scheme: str, language: str | None) -> _Added:
    headers = [(b"host", host.encode("latin1"))]
    if language is not None:
        headers.append((b"accept-language", language.encode("latin1")))
    scope = {"method": "GET", "path": _ANY_PATH, "scheme": scheme, "query_string": b"", "headers": headers}
    added = _middleware().headers(ASGIRequest(scope, BytesIO()))
    vary = added.pop("Vary")
    index = list(added).index(_CONTENT_LENGTH)
    del added[_CONTENT_LENGTH]
    return _Added(vary, tuple(_encode(name, value) for name, value in added.items()), index)


@lru_cache(maxsize=2048)
def _encode(name: str, value: str) -> tuple[bytes, bytes]:
    return name.encode("ascii"), value.encode("latin1")


def complete_headers(request: FastRequest | ASGIRequest, answer: Answer) -> list[tuple[bytes, bytes]]:
    """Return the answer's headers and those of the middleware, in the order in which Django sends them."""
    read = request.headers
    added = _added(read["Host"], request.scope["scheme"], read.get("Accept-Language"))
    answer.headers["Vary"] = added.vary
    headers = [_encode(name, value) for name, value in answer.headers.items()]
    headers += added.appended
    headers.insert(len(answer.headers) + added.length_index, _encode(_CONTENT_LENGTH, str(len(answer.body))))
    return headers


def header_lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the headers as lines of a response, with names in lower case, as ASGI servers send them.

    Raises ValueError for a value that contains a control character.
    """
    return b"".join([_line(header) for header in headers])


@lru_cache(maxsize=2048)
def _line(header: tuple[bytes, bytes]) -> bytes:
    name, value = header
    if _CONTROL_CHARACTER.search(value):
        raise ValueError("A header contains a control character.")
    return b"%s: %s\r\n" % (name.lower(), value)
