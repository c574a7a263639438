"""Runs the synchronous parts of HTTP requests in reused threads.

A new thread per request would open the SQLite file again, which costs more than most requests.
"""

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

from imsite.monitoring.views import VIEWS as MONITORING_VIEWS

P = ParamSpec("P")
T = TypeVar("T")

MAX_IDLE_THREADS = 16
"""Threads kept for later requests. Further ones end with their request."""


class RequestThread(ThreadPoolExecutor):
    """An executor with one thread, for one request at a time."""

    def __init__(self) -> None:
        super().__init__(1, thread_name_prefix="request")
        self._last_call: Future[Any] | None = None

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        self._last_call = future = super().submit(function, *args, **kwargs)
        return future

    @property
    def is_busy(self) -> bool:
        """Return whether it still works on a request whose client has gone."""
        return self._last_call is not None and not self._last_call.done()


class RequestThreadPool:
    """Lends threads to requests. Use it on the event loop only."""

    def __init__(self) -> None:
        self._idle: deque[RequestThread] = deque()

    @contextmanager
    def borrow(self) -> Iterator[RequestThread]:
        """Yield the most recently used idle thread, or a new one if all are in use."""
        thread = self._idle.pop() if self._idle else RequestThread()
        try:
            yield thread
        finally:
            if len(self._idle) < MAX_IDLE_THREADS and not thread.is_busy:
                self._idle.append(thread)
            else:
                thread.shutdown(wait=False)


class HttpHandler(ASGIHandler):
    """Django's ASGI handler with reused threads and a limit of IM_HTTP_CONCURRENCY requests at a time.

    Other requests wait; they and slow clients hold no slot. Without the limit, thousands of requests would each take a
    thread and a database connection.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = RequestThreadPool()
        self._slots = asyncio.Semaphore(settings.IM_HTTP_CONCURRENCY)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in MONITORING_VIEWS:
            # Monitoring must answer while all slots are taken.
            return await super().run_get_response(request)
        async with self._slots:
            return await super().run_get_response(request)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with self._threads.borrow() as thread:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
