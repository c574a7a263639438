"""Makes each call of Django's test client that the fast path answers by Django as well, and compares the answers.

A send has its effect once, so it is made one way only: tests of sends run twice (`SENDS_BY`).
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest, get_path_info
from django.http.response import HttpResponse, HttpResponseBase
from django.test.client import ClientHandler

from chat.api.common.throttles import throttles
from delivery import publish
from delivery.event_loop import run_blocking, run_on_loop
from delivery.rate_limits import token_bucket
from imsite.server.fast_path import FastPath

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


SENDS = frozenset({"/user/sendMessage", "/user/sendMessageAll", "/api/v1/messages/", "/api/v1/messages/bulk/"})
SENDS_BY = ("Django", "the fast path")
each_way = pytest.mark.parametrize("sends_by", SENDS_BY)
"""Runs each test of a module twice: once with sends by Django, once with sends by the fast path."""


class BothWays:
    """Stands in for the handler of Django's test client. `compared` lists the paths that were answered both ways.

    `sends_by`: one of SENDS_BY. A send that the fast path leaves to Django is made by Django.
    """

    def __init__(self, sends_by: str = SENDS_BY[0]) -> None:
        self._sends_by = sends_by
        self.compared: list[str] = []
        self._fast_path = FastPath(_never)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        by_django = ClientHandler.__call__

        def call(handler: ClientHandler, environ: dict[str, Any]) -> HttpResponseBase:
            if environ["PATH_INFO"] in SENDS:
                fast = self._answer(environ) if self._sends_by == SENDS_BY[1] else None
                return by_django(handler, environ) if fast is None else _response(fast, environ)
            with _stopped_throttles() as restore:
                fast = self._answer(environ)
                restore()
                response = by_django(handler, environ)
            if fast is not None:
                self.compared.append(environ["PATH_INFO"])
                headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
                assert fast == (response.status_code, headers, response.content)  # type: ignore[attr-defined]
            return response

        monkeypatch.setattr(ClientHandler, "__call__", call)

    def _answer(self, environ: dict[str, Any]) -> Answer | None:
        body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
        if body:
            # Django reads it again.
            environ["wsgi.input"] = type(environ["wsgi.input"])(body)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        scope = scope_of(environ)
        if publish.is_running():
            return run_on_loop(lambda: self._fast_path.respond(scope, receive))
        return run_blocking(self._fast_path.respond(scope, receive))


def _response(answer: Answer, environ: dict[str, Any]) -> HttpResponseBase:
    status, headers, body = answer
    response = HttpResponse(body, status=status)
    for name in list(response.headers):
        del response[name]
    for raw_name, raw_value in headers:
        response[raw_name.decode("ascii")] = raw_value.decode("latin1")
    # The client expects it.
    response.wsgi_request = WSGIRequest(environ)  # type: ignore[attr-defined]
    return response


def scope_of(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the ASGI scope of a request of Django's test client."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower().encode(): str(value).encode("latin1")
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    if not headers.get(b"cookie"):
        headers.pop(b"cookie", None)
    headers.setdefault(b"host", environ["SERVER_NAME"].encode())
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        # As Django reads it here. Under a server both ways get the path from the same scope.
        "path": get_path_info(environ),
        "query_string": environ["QUERY_STRING"].encode("latin1"),
        "scheme": environ["wsgi.url_scheme"],
        "client": (environ["REMOTE_ADDR"], 1),
        "headers": list(headers.items()),
    }


async def _never(scope: object, receive: object, send: object) -> None:
    raise AssertionError("the fast path is asked only for its own answers")


@contextmanager
def _stopped_throttles() -> Iterator[Any]:
    """Stop the clock of rate limits; the context's function gives back what was taken from them."""
    buckets = throttles.requests._limiter._local_buckets
    before, now = copy.deepcopy(buckets._buckets), time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_bucket, "time", SimpleNamespace(monotonic=lambda: now))
        yield lambda: setattr(buckets, "_buckets", before)
