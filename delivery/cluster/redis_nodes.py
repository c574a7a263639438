"""The registry of a cluster: each node holds a lease in Redis, which lapses IM_NODE_LEASE seconds after its last sign.

Only Redis's clock counts. `im:lease:<lease>` has what the node says of itself, `im:leases` names them all. What a node
writes elsewhere in Redis stands under its lease, and is void without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Sequence

from django.conf import settings

from delivery.cluster.redis_client import RedisClient, RedisUnavailable
from delivery.log import now_ms
from delivery.metrics import fault_counts
from delivery.nodes.base import Changed, Counts, NodeInfo, no_change, no_counts

logger = logging.getLogger(__name__)

SECOND = 1.0
"""How often a node says that it lives and looks who else does; more often if the lease is short."""

_TAKE = """
local key = 'im:lease:' .. ARGV[1]
redis.call('HSET', key, 'id', ARGV[3], 'address', ARGV[4], 'started', ARGV[5], 'writes', 0,
    'connections', 0, 'logged_in', 0)
redis.call('PEXPIRE', key, ARGV[2])
redis.call('SADD', 'im:leases', ARGV[1])
"""

_RENEW = """
local key = 'im:lease:' .. ARGV[1]
local writes = redis.call('HGET', key, 'writes')
if writes then
    redis.call('HSET', key, 'connections', ARGV[3], 'logged_in', ARGV[4], 'losses', ARGV[5])
    redis.call('PEXPIRE', key, ARGV[2])
end
local live = {}
for _, lease in ipairs(redis.call('SMEMBERS', 'im:leases')) do
    local row = redis.call('HMGET', 'im:lease:' .. lease, 'id', 'address', 'started', 'connections', 'logged_in',
        'losses')
    if row[1] then live[#live + 1] = row else redis.call('SREM', 'im:leases', lease) end
end
return {tonumber(writes or -1), live}
"""

_GIVE_UP = """
redis.call('DEL', 'im:lease:' .. ARGV[1])
redis.call('SREM', 'im:leases', ARGV[1])
"""


def _nothing() -> None:
    """Nobody wants to know."""


class RedisNodes:
    """See `delivery.nodes.base.Nodes`.

    While Redis is away the nodes seen last are believed to live as long as their leases would have held.
    """

    def __init__(self, link: RedisClient, node: str) -> None:
        self.id = node
        self.address = ""
        self.counts: Counts = no_counts
        self.changed: Changed = no_change
        self.lease = ""
        """Under which all this node writes now stands. After whatever may have cost Redis its memory it is another."""
        self.writes = 0
        """How many writes under this lease Redis has acknowledged: if it knows of fewer, it has lost some."""
        self.on_lease: Callable[[], None] = _nothing
        """Called when a new lease has been taken: all that this node holds is to be written anew."""
        self._link = link
        self._started = now_ms()
        self._seen: dict[str, tuple[NodeInfo, float]] = {}
        self._live: dict[str, NodeInfo] = {}
        self._sign = 0.0
        self._trusting = 0.0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take a lease; if Redis is away, as soon as it is there."""
        await self.look()
        self._task = asyncio.create_task(self._follow(), name="nodes")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        try:
            await self._link.run(_GIVE_UP, self.lease)
        except RedisUnavailable:
            logger.info("lease_release_failed")
        self.lease = ""

    def live(self) -> dict[str, NodeInfo]:
        me = NodeInfo(self.id, self.address, self._started, *self.counts(), fault_counts())
        return {self.id: me, **self._live}

    def request_refresh(self) -> None:
        """What this node knows may be wrong, or Redis not know its lease: look at once."""
        self._wake.set()

    @property
    def interval(self) -> float:
        """Seconds between two looks: a lease is renewed thrice at least before it lapses."""
        return float(min(SECOND, settings.IM_NODE_LEASE / 3))

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.interval if self._link.up else self.interval / 2):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.look()
            except Exception:
                logger.exception("nodes_fault")

    async def look(self) -> None:
        """Give a sign of life and see who else lives."""
        lease_ms = int(settings.IM_NODE_LEASE * 1000)
        now = time.monotonic()
        try:
            # After a failure nobody knows which writes Redis has carried out, or is going to: they become void.
            lease = self.lease if self._link.up else ""
            known, rows = await self._link.probe(_RENEW, lease, lease_ms, *self.counts(), json.dumps(fault_counts()))
            if known < self.writes:
                if self._sign and (not self._link.up or now < self._sign + settings.IM_NODE_LEASE):
                    # Redis may have come back without its memory, and the others not yet have told it who they are.
                    self._trusting = now + settings.IM_NODE_LEASE
                await self._take(lease_ms)
        except RedisUnavailable:
            self._see(None)
            return
        self._sign = now
        self._see(rows)

    async def _take(self, lease_ms: int) -> None:
        lease = f"{self.id}/{secrets.token_hex(4)}"
        await self._link.probe(_TAKE, lease, lease_ms, self.id, self.address, self._started)
        self.lease, self.writes = lease, 0
        self._link.found()
        self.on_lease()

    def _see(self, rows: Sequence[Sequence[str]] | None) -> None:
        """Who lives: those Redis names, and while it cannot know all, those whose leases may still hold."""
        now = time.monotonic()
        named: dict[str, NodeInfo] = {}
        for node, address, started, connections, logged_in, lost in rows or ():
            # A node of a version before this one says nothing of its losses.
            numbers = int(started), int(connections), int(logged_in)
            info = NodeInfo(node, address, *numbers, json.loads(lost or "{}"))
            # Of two leases of one id the later start counts: the other process has ended without a word.
            if node != self.id and (node not in named or named[node].started <= info.started):
                named[node] = info
        if rows is None or now < self._trusting:
            kept = {node: seen for node, seen in self._seen.items() if now < seen[1] + settings.IM_NODE_LEASE}
        else:
            kept = {}
        self._seen = kept | {node: (info, now) for node, info in named.items()}
        before, self._live = self._live, {node: info for node, (info, _) in self._seen.items()}
        left = before.keys() - self._live.keys()
        joined = {node for node, info in self._live.items() if node not in before or _moved(before[node], info)}
        if joined or left:
            self.changed(joined, set(left))


def _moved(before: NodeInfo, after: NodeInfo) -> bool:
    return (before.address, before.started) != (after.address, after.started)
