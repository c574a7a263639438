"""HTTP requests in threads that are kept: a new thread for each opens its SQLite file anew, which costs more than most
of what a request asks of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler

KEPT = 16
"""Threads that wait for a request; where more are under way at once, the rest end with theirs."""


class RequestThreads:
    """Executors of one thread each, for one request at a time. On the event loop only."""

    def __init__(self) -> None:
        self._idle: deque[ThreadPoolExecutor] = deque()

    @contextmanager
    def one(self) -> Iterator[Executor]:
        """The one that was used last, so that in quiet times few are; a new one if all are in use."""
        executor = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        try:
            yield executor
        finally:
            if len(self._idle) < KEPT:
                self._idle.append(executor)
            else:
                executor.shutdown(wait=False)


class HttpHandler(ASGIHandler):
    """Django's handler, with these threads for what is synchronous in a request."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = RequestThreads()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with self._threads.one() as executor:
            async with ThreadSensitiveContext(executor=executor):
                await self.handle(scope, receive, send)
