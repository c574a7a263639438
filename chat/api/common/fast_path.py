"""Requests and answers of the fast path: frequent calls that are answered on the event loop, without Django.

A request is taken only if everything in it is known to have no effect but the one that is programmed here. All others
go to Django, which answers them alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.http.request import split_domain_port, validate_host

_READ = {
    b"host": "Host",
    b"origin": "Origin",
    b"authorization": "Authorization",
    b"accept-language": "Accept-Language",
    b"content-type": "Content-Type",
    b"content-length": "Content-Length",
    b"idempotency-key": "Idempotency-Key",
    b"x-forwarded-for": "X-Forwarded-For",
    b"forwarded": "Forwarded",
    b"x-real-ip": "X-Real-IP",
}
"""Headers that have an effect, by the names under which the rules read them."""
_WITHOUT_EFFECT = frozenset(
    (
        b"accept accept-encoding accept-charset cache-control connection dnt from keep-alive pragma priority referer te"
        b" user-agent via sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site"
        b" sec-fetch-user sec-gpc"
        # The server has read them, or ignores them.
        b" x-forwarded-host x-forwarded-port x-forwarded-proto x-forwarded-server x-original-forwarded-for"
        # Tracing
        b" baggage b3 elastic-apm-traceparent traceparent tracestate uber-trace-id x-amzn-trace-id x-b3-flags"
        b" x-b3-parentspanid x-b3-sampled x-b3-spanid x-b3-traceid x-cloud-trace-context x-correlation-id x-request-id"
        b" x-request-start"
    ).split()
)
ALLOWED_METHODS = {"GET": ("GET", "HEAD", "OPTIONS"), "POST": ("POST", "OPTIONS")}
"""Methods of a path whose only call has this method, as Django allows them."""
_JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")
_FORM = "application/x-www-form-urlencoded"
_FORM_BYTES_PER_CHARACTER = 12
"""Four bytes of UTF-8, each encoded as three characters (`%XX`)."""
_FORM_OVERHEAD_BYTES = 16384
_FORWARDING = frozenset({"X-Forwarded-For", "Forwarded", "X-Real-IP"})
_NO_FIELDS: Mapping[str, Any] = MappingProxyType({})
_MAX_VALUE_LENGTH = 1024
"""Longest header value. It limits what the caches of header values keep."""


@dataclass(slots=True)
class Answer:
    """An answer without the headers that middleware adds."""

    status: int
    headers: dict[str, str]
    body: bytes


def not_sent() -> Answer:
    """Return an answer for a client that has disconnected."""
    return Answer(400, {}, b"")


class FastRequest:
    """A request of the fast path; see `CallRequest`. `body` is the whole body of a POST, once it has been read."""

    def __init__(self, scope: Mapping[str, Any], headers: dict[str, str]) -> None:
        self.scope = scope
        self.receive: Callable[[], Awaitable[dict[str, Any]]] | None = None
        """ASGI's function that returns the next part of the body."""
        self.path: str = scope["path"]
        self.headers = headers
        self.META: dict[str, Any] = {"REMOTE_ADDR": scope["client"][0]}
        self.path_parameters: dict[str, str] = {}
        self.body = b""
        self._form: Mapping[str, Any] | None = None
        self._query: Mapping[str, str] | None = None

    async def read_body(self) -> bool:
        """Read the body, whose length has been checked. Return False if the client has disconnected.

        Calls read it once the caller is known, so that strangers cannot make the site hold large bodies.
        """
        assert self.receive is not None
        parts = []
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return False
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                self.body = b"".join(parts)
                return True

    @property
    def has_form(self) -> bool:
        return self.headers.get("Content-Type", "").lower() == _FORM

    @property
    def data(self) -> Mapping[str, Any]:
        """The form in the body, as Django reads it; empty in a body of another type. Raises TooManyFieldsSent."""
        if self._form is None:
            self._form = QueryDict(self.body) if self.has_form else _NO_FIELDS
        return self._form

    @property
    def query_params(self) -> Mapping[str, str]:
        """The last value of each parameter of the URL, as in Django's QueryDict. Raises TooManyFieldsSent."""
        if self._query is None:
            self._query = _last_values(self.scope["query_string"].decode("ascii"))
        return self._query

    def get_host(self) -> str:
        return self.headers["Host"]

    def is_secure(self) -> bool:
        return bool(self.scope["scheme"] == "https")

    def has_allowed_host(self) -> bool:
        """Return whether the Host header names this site, as ALLOWED_HOSTS requires."""
        return _is_allowed_host(self.headers.get("Host", ""), tuple(settings.ALLOWED_HOSTS))


class FastCall(Protocol):
    """A call that the fast path answers. `path` may contain one parameter, such as `<name>`."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def takes_form(self) -> bool:
        """Return whether the body of a POST is a form. Otherwise it is JSON."""

    async def respond(self, request: FastRequest) -> Answer:
        """Return the answer, also for a refusal or a fault. Never raises.

        Read the body of a POST only after the caller has been admitted.
        """


def fast_request(scope: Mapping[str, Any]) -> FastRequest | None:
    """Return the request with these ASGI data; None if it contains anything whose effect is not known."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name in _WITHOUT_EFFECT:
            continue
        known = _READ.get(name)
        if known is None or len(value) > _MAX_VALUE_LENGTH or (known in headers and known not in _FORWARDING):
            return None
        headers[known] = value.decode("latin1")
    if scope.get("root_path") or not scope.get("client") or not scope["query_string"].isascii():
        return None
    return FastRequest(scope, headers) if _has_known_body(scope["method"], headers) else None


def _has_known_body(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether the body is JSON or a form of an allowed length, or there is none in a GET."""
    length = headers.get("Content-Length", "0")
    if method == "GET":
        return length == "0" and headers.get("Content-Type", _JSON[0]).lower() in _JSON
    limit = _body_limit(headers.get("Content-Type", "").lower())
    is_length = length.isascii() and length.isdecimal() and len(length) <= len(str(limit))
    return is_length and 0 < int(length) <= limit


def _body_limit(content_type: str) -> int:
    """Return the most bytes of a body of this type; 0 if no call takes it."""
    if content_type == _FORM:
        return form_limit()
    return int(settings.IM_API_MAX_BODY_BYTES) if content_type in _JSON else 0


def form_limit() -> int:
    """Return the most bytes of a form, which the longest message needs."""
    return int(settings.IM_MESSAGE_MAX_LENGTH) * _FORM_BYTES_PER_CHARACTER + _FORM_OVERHEAD_BYTES


def _last_values(query: str) -> Mapping[str, str]:
    if not query:
        return _NO_FIELDS
    limit = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    if "%" not in query and "+" not in query and query.count("&") < limit:
        # Nothing is encoded. Then this is what parse_qsl returns, in a tenth of the time.
        return {name: value for name, _, value in [pair.partition("=") for pair in query.split("&") if pair]}
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=limit))
    except ValueError as error:
        raise TooManyFieldsSent from error


@lru_cache(maxsize=1024)
def _is_allowed_host(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)
