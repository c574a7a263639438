"""Presence of a cluster: each node knows its own people by itself, Redis tells of the others'.

Redis is written to by one task, in batches, when people come and go; nothing is written while they stay. It is never
the record: whenever it may have lost something, all that this node holds is written anew under a new lease, which makes
void what was written, or may still be carried out, under the old one. While it is away, each answer is of this node
alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from itertools import islice

from delivery.cluster.presence_queries import ClusterPresenceReader, grace
from delivery.cluster.presence_scripts import RETIRE, SWEEP, WRITE
from delivery.cluster.redis_client import PATIENCE, RedisClient, RedisUnavailable
from delivery.cluster.redis_nodes import RedisNodes
from delivery.presence.base import Watcher, ignore
from delivery.presence.local import Key, LocalPresence, PresenceGraceTimers

logger = logging.getLogger(__name__)

TOGETHER = 500
"""Changes in one write: a few milliseconds of Redis."""
STALE = 60_000
"""Milliseconds after which somebody's going is no news any more: no node lived to tell it."""


class RedisPresence:
    """See `delivery.presence.base.Presence`. To be started after its registry of nodes, and stopped before it."""

    def __init__(self, link: RedisClient, nodes: RedisNodes) -> None:
        self.on_first: Watcher = ignore
        self.on_last: Watcher = ignore
        self._link = link
        self._nodes = nodes
        self._here = LocalPresence()
        self._everybody = ClusterPresenceReader(link, nodes.id, self._here, self._written_out)
        self._told: dict[Key, str] = {}
        """Of those here: whose coming has been told, or was none as they were on another node. With their names."""
        self._written: dict[Key, str] = {}
        """What Redis has of this node, under the lease `_lease`."""
        self._lease = ""
        self._former: list[tuple[str, bool]] = []
        """Leases of before, to be retired; and whether those they held alone are still to be told of as gone."""
        self._changed: set[Key] = set()
        self._awaiting: list[asyncio.Future[None]] = []
        self._news = asyncio.Event()
        self._busy = False
        self._partings = PresenceGraceTimers(self._gone)
        """Of people who left while Redis was away."""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._nodes.on_lease = self._news.set
        self._tasks = [
            asyncio.create_task(self._write(), name="presence write"),
            asyncio.create_task(self._sweep(), name="presence sweep"),
        ]
        self._news.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._partings.clear()
        for waiting in self._awaiting:
            waiting.cancel()
        if self._lease:
            self._former.append((self._lease, True))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._retire()
        except (RedisUnavailable, TimeoutError):
            logger.info("presence_release_failed")

    # -- this node's people ---------------------------------------------------------------------------------------

    def connect(self, person: int, name: str, app: int) -> None:
        self._here.connect(person, name, app)
        self._change((person, app))

    def disconnect(self, person: int, app: int) -> None:
        self._here.disconnect(person, app)
        self._change((person, app))

    def _change(self, key: Key) -> None:
        self._changed.add(key)
        self._news.set()

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            self._busy = True
            changed, self._changed = self._changed, set()
            awaiting, self._awaiting = self._awaiting, []
            fault = False
            try:
                await self._tell(changed)
            except RedisUnavailable:
                self._abandon(tell=False)
                self._decide_alone(changed)
            except Exception:
                logger.exception("presence_fault")
                self._abandon(tell=True)
                fault = True
            finally:
                self._busy = False
                for waiting in awaiting:
                    if not waiting.done():
                        waiting.set_result(None)
            if fault:
                await asyncio.sleep(self._nodes.interval)
                self._news.set()

    async def _tell(self, changed: set[Key]) -> None:
        """Tell Redis of the changes; of everybody who is here if it may not know them."""
        if not self._link.up:
            raise RedisUnavailable
        if self._lease != self._nodes.lease:
            self._abandon(tell=True)
            self._lease = self._nodes.lease
            changed |= self._here.keys() | self._told.keys()
        changes = iter(changed)
        while batch := list(islice(changes, TOGETHER)):
            if not await self._write_batch(batch):
                return
        await self._retire()

    async def _write_batch(self, keys: Iterable[Key]) -> bool:
        """Bring Redis to how it is here, for these; False if all is to be written anew."""
        changes: list[tuple[Key, str | None]] = []
        arguments: list[str | int] = []
        for key in keys:
            person, app = key
            name = self._here.name(person) if self._here.online(person, app) else None
            if name != self._written.get(key):
                changes.append((key, name))
                arguments += ("-" if name is None else "+", person, app, name or "")
            elif name is None:
                self._told.pop(key, None)
        if not changes:
            return True
        lease = self._lease
        first = await self._link.run(WRITE, lease, self._nodes.writes + 1, grace(), *arguments)
        if lease != self._nodes.lease:
            return False
        if first is None:
            self._nodes.request_refresh()
            return False
        self._nodes.writes += 1
        came: list[Key] = []
        for place, (key, name) in enumerate(changes):
            if name is None:
                del self._written[key]
                self._told.pop(key, None)
            else:
                self._written[key] = name
                new = key not in self._told
                self._told[key] = name
                if not self._partings.end(*key) and new and place in first:
                    came.append(key)
        for key in came:
            self._call(self.on_first, key, self._told[key])
        return True

    def _abandon(self, *, tell: bool) -> None:
        """What Redis has of this node is right no more."""
        if self._lease:
            self._former.append((self._lease, tell))
        self._lease = ""
        self._written = {}

    async def _retire(self) -> None:
        """Take away what stands under leases of before."""
        while self._former:
            lease, tell = self._former[0]
            while await self._link.run(RETIRE, lease, grace() if tell else ""):
                pass
            self._former.pop(0)

    def _decide_alone(self, keys: Iterable[Key]) -> None:
        """Who came first and left last, as far as this node knows."""
        for key in keys:
            person, app = key
            if self._here.online(person, app):
                new = key not in self._told
                self._told[key] = self._here.name(person)
                if not self._partings.end(person, app) and new:
                    self._call(self.on_first, key, self._told[key])
            elif (name := self._told.pop(key, None)) is not None:
                self._partings.begin(person, name, app)

    def _gone(self, person: int, name: str, app: int) -> None:
        if not self._here.online(person, app):
            self._call(self.on_last, (person, app), name)

    async def _sweep(self) -> None:
        """From time to time, bury what lapsed leases held and tell of who has gone."""
        while True:
            await asyncio.sleep(self._nodes.interval)
            more = self._link.up
            while more:
                try:
                    more, gone = await self._link.run(SWEEP, grace(), STALE)
                except RedisUnavailable:
                    break
                for member in gone:
                    app, person, name = member.split(":", 2)
                    self._call(self.on_last, (int(person), int(app)), name)

    def _call(self, watcher: Watcher, key: Key, name: str) -> None:
        person, app = key
        try:
            watcher(person, name, app)
        except Exception:
            logger.exception("presence_watcher_fault")

    # -- everybody's ----------------------------------------------------------------------------------------------

    async def online(self, persons: Sequence[int], app: int | None = None) -> set[int]:
        return await self._everybody.online(persons, app)

    async def nodes_of(self, persons: Sequence[int]) -> dict[int, set[str]]:
        return await self._everybody.nodes_of(persons)

    async def persons(self, app: int, *, after: int = 0, limit: int | None = None) -> dict[int, str]:
        return await self._everybody.persons(app, after=after, limit=limit)

    async def count(self, app: int) -> int:
        return await self._everybody.count(app)

    async def named(self, name: str, app: int | None = None) -> list[int]:
        return await self._everybody.named(name, app)

    async def _written_out(self) -> None:
        """Wait until Redis knows what has happened here so far; when thousands come at once, not for all of them."""
        if self._busy or self._news.is_set():
            written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._awaiting.append(written)
            self._news.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE / 2):
                    await written
