"""Gathers queries that are asked while another one is under way, so that many callers share a call of Redis."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Found = TypeVar("Found")


class QueryGatherer(Generic[Key, Found]):
    """Makes one query at a time, each about the keys of all callers that wait. On one event loop.

    A query begins after all its callers have asked, so no answer is older than its question.
    """

    def __init__(self, query: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]], *, max_keys: int) -> None:
        """`query` returns what it finds by key. It gets at most `max_keys`, or the keys of a single caller."""
        self._query = query
        self._max_keys = max_keys
        self._waiting: deque[tuple[Sequence[Key], asyncio.Future[Mapping[Key, Found]]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, keys: Sequence[Key]) -> dict[Key, Found]:
        """Return what is found for these keys. Raises what the query raises."""
        answer: asyncio.Future[Mapping[Key, Found]] = asyncio.get_running_loop().create_future()
        self._waiting.append((keys, answer))
        if self._task is None:
            # A task of its own, because a caller may be cancelled.
            self._task = asyncio.create_task(self._run(), name="gathered queries")
        found = await answer
        return {key: found[key] for key in keys if key in found}

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._query_waiting()
        finally:
            self._task = None
            for _, answer in self._waiting:  # None is left unless the loop ends.
                answer.cancel()

    async def _query_waiting(self) -> None:
        asked, answer = self._waiting.popleft()
        keys, answers = dict.fromkeys(asked), [answer]
        while self._waiting and len(keys) + len(self._waiting[0][0]) <= self._max_keys:
            asked, answer = self._waiting.popleft()
            keys |= dict.fromkeys(asked)
            answers.append(answer)
        try:
            found = await self._query(list(keys))
        except BaseException as error:
            for answer in answers:
                if not answer.done():
                    answer.cancel() if isinstance(error, asyncio.CancelledError) else answer.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            for answer in answers:
                if not answer.done():
                    answer.set_result(found)
