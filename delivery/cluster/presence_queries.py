"""Presence queries of a cluster: Redis lists the users of all nodes, and this node adds its own users."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson
from django.conf import settings

from delivery.cluster.presence_scripts import COUNT_ONLINE, FILTER_AWAY, FIND_BY_NAMES, FIND_CONNECTIONS, LIST_ONLINE
from delivery.cluster.query_gatherer import QueryGatherer
from delivery.cluster.redis_client import REDIS_TIMEOUT_SECONDS, RedisClient, RedisUnavailable
from delivery.presence.local import LocalPresence

USERS_PER_RESULT = 2000
"""Users that one script lists. Lua accepts only a few thousand arguments in a call."""
USERS_PER_QUERY = 5000


def grace_ms() -> int:
    """Return IM_PRESENCE_GRACE_SECONDS in milliseconds."""
    return int(settings.IM_PRESENCE_GRACE_SECONDS * 1000)


class ClusterPresenceReader:
    """The queries of `delivery.presence.base.Presence`.

    While Redis is unreachable, they return only users of this node. `local` holds the users of this node;
    `wait_until_written` waits briefly until Redis has their latest changes.
    """

    def __init__(
        self, redis: RedisClient, node: str, local: LocalPresence, wait_until_written: Callable[[], Awaitable[None]]
    ) -> None:
        self._redis = redis
        self._node = node
        self._local = local
        self._wait_until_written = wait_until_written
        self._connections: QueryGatherer[int, list[tuple[int, str]]] = QueryGatherer(
            self._find_connections, max_keys=USERS_PER_QUERY
        )
        self._users: QueryGatherer[tuple[str, str], list[int]] = QueryGatherer(
            self._find_users, max_keys=USERS_PER_RESULT
        )

    async def filter_online(self, user_ids: Sequence[int], app: int | None = None) -> set[int]:
        found = {user_id for user_id in user_ids if self._local.is_online(user_id, app)}
        remaining = [user_id for user_id in user_ids if user_id not in found]
        async for user_id, connected_app, _ in self._connections_elsewhere(remaining):
            if app is None or connected_app == app:
                found.add(user_id)
        return found

    async def filter_away(self, user_ids: Sequence[int]) -> set[int]:
        # Users who are not away on this node are away nowhere.
        asked = [one for one in user_ids if not self._local.is_online(one) or self._local.is_away(one)]
        found: set[int] = set()
        for start in range(0, len(asked), USERS_PER_RESULT):
            batch = asked[start : start + USERS_PER_RESULT]
            result = await self._query(FILTER_AWAY, *batch)
            if result is None:
                return {user_id for user_id in asked if self._local.is_away(user_id)}
            found |= {int(user_id) for user_id in result[0]}
        return found

    async def find_nodes(self, user_ids: Sequence[int]) -> dict[int, set[str]]:
        """See `Presence.find_nodes`. Never cached, so it misses at most users who connect during the query."""
        found: dict[int, set[str]] = {user_id: {self._node} for user_id in user_ids if self._local.is_online(user_id)}
        async for user_id, _, node in self._connections_elsewhere(user_ids):
            found.setdefault(user_id, set()).add(node)
        return found

    async def _connections_elsewhere(self, user_ids: Sequence[int]) -> AsyncIterator[tuple[int, int, str]]:
        """Yield user, app and node for connections to other nodes; nothing while Redis is unreachable."""
        for start in range(0, len(user_ids), USERS_PER_QUERY):
            batch = user_ids[start : start + USERS_PER_QUERY]
            try:
                found = await self._connections.ask(batch)
            except RedisUnavailable:
                return
            for user_id, connections in found.items():
                for app, node in connections:
                    if node != self._node:
                        yield user_id, app, node

    async def _find_connections(self, user_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        """Return app and node of each user's connections."""
        result = orjson.loads(await self._redis.run_script(FIND_CONNECTIONS, *user_ids)) or []
        found: dict[int, list[tuple[int, str]]] = {}
        for user_id, field in zip(result[::2], result[1::2], strict=True):
            app, _, lease = field.partition("@")
            found.setdefault(int(user_id), []).append((int(app), lease.rpartition("/")[0]))
        return found

    async def list_online(self, app: int, *, after: int = 0, limit: int | None = None) -> Mapping[int, str]:
        found: dict[int, str] = {}
        last = after
        while limit is None or len(found) < limit:
            page_size = USERS_PER_RESULT if limit is None else min(USERS_PER_RESULT, limit - len(found))
            result = await self._query(LIST_ONLINE, app, last, page_size)
            if result is None:
                return self._local.list_online(app, after=after, limit=limit)
            user_ids, names = orjson.loads(result[0])
            found |= {int(user_id): name or "" for user_id, name in zip(user_ids, names, strict=True)}
            if len(user_ids) < page_size:
                break
            last = int(user_ids[-1])
        return found

    async def count_online(self, app: int) -> int:
        result = await self._query(COUNT_ONLINE, app)
        return self._local.count_online(app) if result is None else int(result[0])

    async def find_by_name(self, name: str, app: int | None = None) -> list[int]:
        return (await self.find_by_names((name,), app)).get(name, [])

    async def find_by_names(self, names: Sequence[str], app: int | None = None) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        wanted = "" if app is None else str(app)
        for start in range(0, len(names), USERS_PER_RESULT):
            try:
                users = await self._users.ask([(wanted, name) for name in names[start : start + USERS_PER_RESULT]])
            except RedisUnavailable:
                return self._local.find_by_names(names, app)
            found |= {name: user_ids for (_, name), user_ids in users.items()}
        return found

    async def _find_users(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
        """Return the users online by app and name; the app is empty for any. Raises RedisUnavailable."""
        result = await self._query(FIND_BY_NAMES, *chain.from_iterable(keys))
        if result is None:
            raise RedisUnavailable
        users = orjson.loads(result[0])
        return {key: sorted(map(int, user_ids)) for key, user_ids in zip(keys, users, strict=True) if user_ids}

    async def find_apps(self, user_ids: Sequence[int]) -> set[int]:
        found = self._local.find_apps(user_ids)
        async for _, app, _ in self._connections_elsewhere(user_ids):
            found.add(app)
        return found

    async def _query(self, script: str, *arguments: str | int) -> list[Any] | None:
        """Return the script's result, which includes recent changes of this node if Redis receives them in time.

        None while Redis is unreachable.
        """
        result: list[Any] | None = None
        with contextlib.suppress(RedisUnavailable, TimeoutError):
            await self._wait_until_written()
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                call_again = 1
                while call_again:
                    call_again, *result = await self._redis.run_script(script, grace_ms(), *arguments)
        return result
