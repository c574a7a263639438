"""Presence of a cluster: each node counts its own users in memory, and Redis has the users of all nodes.

One task writes to Redis, in batches, when users connect and disconnect, and nothing in between. Memory is
authoritative: whenever Redis may have lost data, the node writes all its users again under a new lease, and everything
under the old lease becomes void, including writes still in progress. While Redis is unreachable, queries return only
this node's users.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from delivery.cluster.presence_queries import ClusterPresenceReader, grace_ms
from delivery.cluster.presence_scripts import RETIRE_LEASE, TAKE_DEPARTED, WRITE_CHANGES
from delivery.cluster.redis_client import REDIS_TIMEOUT_SECONDS, RedisClient, RedisUnavailable
from delivery.cluster.redis_nodes import RedisNodeRegistry
from delivery.presence.base import AwayCallback, PresenceCallback, ignore_away, ignore_presence
from delivery.presence.local import LocalPresence, PresenceGraceTimers, UserOnApp

logger = logging.getLogger(__name__)

CHANGES_PER_WRITE = 500
"""Users in one write, which takes Redis a few milliseconds."""
MAX_DEPARTURE_AGE_MS = 60_000
"""Departures that were due longer ago are not reported, because no node was running then."""


class RedisPresence:
    """Presence in Redis; see `delivery.presence.base.Presence`. Start it after the registry `nodes`; stop it before."""

    def __init__(self, redis: RedisClient, nodes: RedisNodeRegistry) -> None:
        self.on_online: PresenceCallback = ignore_presence
        self.on_offline: PresenceCallback = ignore_presence
        self.on_away: AwayCallback = ignore_away
        self._redis = redis
        self._nodes = nodes
        self._local = LocalPresence()
        self._reader = ClusterPresenceReader(redis, nodes.id, self._local, self._wait_until_written)
        self._settled: dict[UserOnApp, str] = {}
        """Names of this node's users who count as online: `on_online` was called, or they were online before."""
        self._written: dict[UserOnApp, tuple[str, bool]] = {}
        """This node's users that are written to Redis under the lease `_lease`: their names, and if they are away."""
        self._lease = ""
        self._old_leases: list[tuple[str, bool]] = []
        """Earlier leases to retire, each with True if users who were online only under it are reported as departed."""
        self._changed: set[UserOnApp] = set()
        self._away_changed: set[int] = set()
        """Users who have become away on this node, or come back, since the last write."""
        self._write_waiters: list[asyncio.Future[None]] = []
        self._write_requested = asyncio.Event()
        self._is_writing = False
        self._grace_timers = PresenceGraceTimers(self._on_grace_expired)
        """Timers of users who left while Redis was unreachable."""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._nodes.on_new_lease = self._write_requested.set
        self._tasks = [
            asyncio.create_task(self._run_writes(), name="presence write"),
            asyncio.create_task(self._run_departures(), name="presence departures"),
        ]
        self._write_requested.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._grace_timers.clear()
        for waiter in self._write_waiters:
            waiter.cancel()
        if self._lease:
            self._old_leases.append((self._lease, True))
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                await self._retire_old_leases()
        except (RedisUnavailable, TimeoutError):
            logger.info("presence_release_failed")

    # -- the users of this node -----------------------------------------------------------------------------------

    def connect(self, user_id: int, name: str, app: int) -> None:
        was_away = self._local.is_away(user_id)
        self._local.connect(user_id, name, app)
        self._note_change((user_id, app))
        self._note_away(user_id, was_away)

    def disconnect(self, user_id: int, app: int, *, was_away: bool = False) -> None:
        was_user_away = self._local.is_away(user_id)
        self._local.disconnect(user_id, app, was_away=was_away)
        self._note_change((user_id, app))
        self._note_away(user_id, was_user_away)

    def set_away(self, user_id: int, *, is_away: bool) -> None:
        was_away = self._local.is_away(user_id)
        self._local.set_away(user_id, is_away=is_away)
        self._note_away(user_id, was_away)

    def _note_away(self, user_id: int, was_away: bool) -> None:
        """Note the user on all apps if they have become away on this node, or come back."""
        if self._local.is_away(user_id) != was_away:
            self._away_changed.add(user_id)
            for app in self._local.find_apps((user_id,)):
                self._note_change((user_id, app))

    def _note_change(self, key: UserOnApp) -> None:
        self._changed.add(key)
        self._write_requested.set()

    async def _run_writes(self) -> None:
        while True:
            await self._write_requested.wait()
            self._write_requested.clear()
            self._is_writing = True
            changed, self._changed = self._changed, set()
            away_changed, self._away_changed = self._away_changed, set()
            waiters, self._write_waiters = self._write_waiters, []
            failed = False
            try:
                await self._write_changes(changed)
            except RedisUnavailable:
                self._abandon_lease(report_departures=False)
                self._settle_alone(changed)
                self._report_away(away_changed)
            except Exception:
                logger.exception("presence_write_error")
                self._abandon_lease(report_departures=True)
                failed = True
            finally:
                self._is_writing = False
                for waiter in waiters:
                    if not waiter.done():
                        waiter.set_result(None)
            if failed:
                await asyncio.sleep(self._nodes.interval)
                self._write_requested.set()

    async def _write_changes(self, changed: set[UserOnApp]) -> None:
        """Write the changes to Redis, or all users of this node if Redis may have lost them."""
        if not self._redis.is_up:
            raise RedisUnavailable
        if self._lease != self._nodes.lease:
            self._abandon_lease(report_departures=True)
            self._lease = self._nodes.lease
            changed |= self._local.keys() | self._settled.keys()
        changes = iter(changed)
        while batch := list(islice(changes, CHANGES_PER_WRITE)):
            if not await self._write_batch(batch):
                return
        await self._retire_old_leases()

    async def _write_batch(self, keys: Iterable[UserOnApp]) -> bool:
        """Write to Redis on which apps these users are connected to this node.

        Return False if all users must be written again.
        """
        changes: list[tuple[UserOnApp, str | None, bool]] = []
        arguments: list[str | int] = []
        for key in keys:
            user_id, app = key
            name = self._local.name_of(user_id) if self._local.is_online(user_id, app) else None
            is_away = self._local.is_away(user_id)
            if (None if name is None else (name, is_away)) != self._written.get(key):
                changes.append((key, name, is_away))
                arguments += ("-" if name is None else "~" if is_away else "+", user_id, app, name or "")
            elif name is None:
                self._settled.pop(key, None)
        if not changes:
            return True
        lease = self._lease
        number = self._nodes.writes + 1
        written = await self._redis.run_script(WRITE_CHANGES, lease, number, grace_ms(), *arguments)
        if lease != self._nodes.lease:
            return False
        if written is None:
            self._nodes.request_refresh()
            return False
        self._nodes.writes += 1
        came_online, away_changed = written
        to_report: list[UserOnApp] = []
        for index, (key, name, is_away) in enumerate(changes):
            if name is None:
                del self._written[key]
                self._settled.pop(key, None)
            else:
                self._written[key] = name, is_away
                is_new = key not in self._settled
                self._settled[key] = name
                if not self._grace_timers.cancel(*key) and is_new and index in came_online:
                    to_report.append(key)
        for key in to_report:
            self._call(self.on_online, key, self._settled[key])
        self._report_away(changes[index][0][0] for index in away_changed)
        return True

    def _abandon_lease(self, *, report_departures: bool) -> None:
        """Treat everything that Redis has under the current lease as lost."""
        if self._lease:
            self._old_leases.append((self._lease, report_departures))
        self._lease = ""
        self._written = {}

    async def _retire_old_leases(self) -> None:
        """Remove what is stored under earlier leases."""
        while self._old_leases:
            lease, report_departures = self._old_leases[0]
            while await self._redis.run_script(RETIRE_LEASE, lease, grace_ms() if report_departures else ""):
                pass
            self._old_leases.pop(0)

    def _settle_alone(self, keys: Iterable[UserOnApp]) -> None:
        """Report arrivals and start grace timers from this node's users alone, while Redis is unreachable."""
        for key in keys:
            user_id, app = key
            if self._local.is_online(user_id, app):
                is_new = key not in self._settled
                self._settled[key] = self._local.name_of(user_id)
                if not self._grace_timers.cancel(user_id, app) and is_new:
                    self._call(self.on_online, key, self._settled[key])
            elif (name := self._settled.pop(key, None)) is not None:
                self._grace_timers.start(user_id, name, app)

    def _on_grace_expired(self, user_id: int, name: str, app: int) -> None:
        if not self._local.is_online(user_id, app):
            self._call(self.on_offline, (user_id, app), name)

    async def _run_departures(self) -> None:
        """Clear lapsed leases and report due departures, periodically."""
        while True:
            await asyncio.sleep(self._nodes.interval)
            call_again = self._redis.is_up
            while call_again:
                try:
                    taken = await self._redis.run_script(TAKE_DEPARTED, grace_ms(), MAX_DEPARTURE_AGE_MS)
                except RedisUnavailable:
                    break
                call_again, gone, away_changed = taken
                for member in gone:
                    app, user_id, name = member.split(":", 2)
                    self._call(self.on_offline, (int(user_id), int(app)), name)
                self._report_away(map(int, away_changed))

    def _report_away(self, user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            try:
                self.on_away(user_id)
            except Exception:
                logger.exception("presence_callback_error")

    def _call(self, callback: PresenceCallback, key: UserOnApp, name: str) -> None:
        user_id, app = key
        try:
            callback(user_id, name, app)
        except Exception:
            logger.exception("presence_callback_error")

    # -- the users of all nodes -----------------------------------------------------------------------------------

    async def filter_online(self, user_ids: Sequence[int], app: int | None = None) -> set[int]:
        return await self._reader.filter_online(user_ids, app)

    async def filter_away(self, user_ids: Sequence[int]) -> set[int]:
        return await self._reader.filter_away(user_ids)

    async def find_nodes(self, user_ids: Sequence[int]) -> dict[int, set[str]]:
        return await self._reader.find_nodes(user_ids)

    async def list_online(self, app: int, *, after: int = 0, limit: int | None = None) -> Mapping[int, str]:
        return await self._reader.list_online(app, after=after, limit=limit)

    async def count_online(self, app: int) -> int:
        return await self._reader.count_online(app)

    async def find_by_name(self, name: str, app: int | None = None) -> list[int]:
        return await self._reader.find_by_name(name, app)

    async def find_by_names(self, names: Sequence[str], app: int | None = None) -> dict[str, list[int]]:
        return await self._reader.find_by_names(names, app)

    async def find_apps(self, user_ids: Sequence[int]) -> set[int]:
        return await self._reader.find_apps(user_ids)

    async def _wait_until_written(self) -> None:
        """Wait until Redis has the changes so far; only briefly while thousands of users connect at once."""
        if self._is_writing or self._write_requested.is_set():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._write_waiters.append(waiter)
            self._write_requested.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REDIS_TIMEOUT_SECONDS / 2):
                    await waiter
