"""HTTP requests in threads that are kept: a new thread for each opens its SQLite file anew, which costs more than most
of what a request asks of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from imsite.monitoring.views import VIEWS as OBSERVED

P = ParamSpec("P")
T = TypeVar("T")

KEPT = 16
"""Threads that wait for a request; where more are under way at once, the rest end with theirs."""


class RequestThread(ThreadPoolExecutor):
    """One thread for one request at a time."""

    def __init__(self) -> None:
        super().__init__(1, thread_name_prefix="request")
        self._last: Future[Any] | None = None

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        self._last = future = super().submit(function, *args, **kwargs)
        return future

    @property
    def busy(self) -> bool:
        """Whether it still works for a request that has been given up."""
        return self._last is not None and not self._last.done()


class RequestThreads:
    """Threads that are lent to requests. On the event loop only."""

    def __init__(self) -> None:
        self._idle: deque[RequestThread] = deque()

    @contextmanager
    def one(self) -> Iterator[RequestThread]:
        """The one that was used last, so that in quiet times few are; a new one if all are in use."""
        thread = self._idle.pop() if self._idle else RequestThread()
        try:
            yield thread
        finally:
            if len(self._idle) < KEPT and not thread.busy:
                self._idle.append(thread)
            else:
                thread.shutdown(wait=False)


class HttpHandler(ASGIHandler):
    """Django's handler, with these threads for what is synchronous in a request.

    IM_HTTP_CONCURRENCY of them are worked on at a time. The others wait, and neither they nor those who send or read
    slowly
    keep a place from anybody: a thread and a database connection for each of thousands would end the node.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = RequestThreads()
        self._places = asyncio.Semaphore(settings.IM_HTTP_CONCURRENCY)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in OBSERVED:
            # Whoever asks how a busy node does must hear it.
            return await super().run_get_response(request)
        async with self._places:
            return await super().run_get_response(request)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with self._threads.one() as thread:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
