"""Who is online in the cluster: what Redis knows of all nodes, together with what this one knows by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import orjson
from django.conf import settings

from delivery.cluster.presence_scripts import COUNT, NAMED, PERSONS, WHERE
from delivery.cluster.redis_client import PATIENCE, RedisClient, RedisUnavailable
from delivery.presence.local import LocalPresence

PAGE = 2000
"""Persons in one answer of Redis; less than what Lua takes as arguments of a call."""
ASKED = 5000
"""Persons in one question."""


def grace() -> int:
    """IM_PRESENCE_GRACE in milliseconds."""
    return int(settings.IM_PRESENCE_GRACE * 1000)


class ClusterPresenceReader:
    """The questions of `delivery.presence.base.Presence`. While Redis is away, each answer is of this node alone.

    `here` are this node's people; `written_out` waits until Redis knows them, as far as that can be had soon.
    """

    def __init__(
        self, link: RedisClient, node: str, here: LocalPresence, written_out: Callable[[], Awaitable[None]]
    ) -> None:
        self._link = link
        self._node = node
        self._here = here
        self._written_out = written_out

    async def online(self, persons: Sequence[int], app: int | None = None) -> set[int]:
        found = {person for person in persons if self._here.online(person, app)}
        async for person, there, _ in self._elsewhere([person for person in persons if person not in found]):
            if app is None or there == app:
                found.add(person)
        return found

    async def nodes_of(self, persons: Sequence[int]) -> dict[int, set[str]]:
        """Asked anew each time. An answer is as old as its way here: somebody who has just come may be missed."""
        found: dict[int, set[str]] = {person: {self._node} for person in persons if self._here.online(person)}
        async for person, _, node in self._elsewhere(persons):
            found.setdefault(person, set()).add(node)
        return found

    async def _elsewhere(self, persons: Sequence[int]) -> AsyncIterator[tuple[int, int, str]]:
        """Person, app and node, for all that other nodes hold of them; nothing while Redis is away."""
        for start in range(0, len(persons), ASKED):
            try:
                answer = orjson.loads(await self._link.run(WHERE, *persons[start : start + ASKED])) or []
            except RedisUnavailable:
                return
            for person, field in zip(answer[::2], answer[1::2], strict=True):
                app, _, lease = field.partition("@")
                node = lease.rpartition("/")[0]
                if node != self._node:
                    yield int(person), int(app), node

    async def persons(self, app: int, *, after: int = 0, limit: int | None = None) -> dict[int, str]:
        found: dict[int, str] = {}
        last = after
        while limit is None or len(found) < limit:
            page = PAGE if limit is None else min(PAGE, limit - len(found))
            answer = await self._ask(PERSONS, app, last, page)
            if answer is None:
                return self._here.persons(app, after=after, limit=limit)
            persons, names = orjson.loads(answer[0])
            found |= {int(person): name or "" for person, name in zip(persons, names, strict=True)}
            if len(persons) < page:
                break
            last = int(persons[-1])
        return found

    async def count(self, app: int) -> int:
        answer = await self._ask(COUNT, app)
        return self._here.count(app) if answer is None else int(answer[0])

    async def named(self, name: str, app: int | None = None) -> list[int]:
        answer = await self._ask(NAMED, name, "" if app is None else app)
        return self._here.named(name, app) if answer is None else sorted(map(int, answer[0]))

    async def _ask(self, script: str, *arguments: str | int) -> list[Any] | None:
        """Redis's answer, with what happened here before in it, as far as that can be had soon; None if it is away."""
        answer: list[Any] | None = None
        with contextlib.suppress(RedisUnavailable, TimeoutError):
            await self._written_out()
            async with asyncio.timeout(PATIENCE):
                more = 1
                while more:
                    more, *answer = await self._link.run(script, grace(), *arguments)
        return answer
