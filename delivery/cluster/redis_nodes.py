"""The registry of nodes in Redis: each node holds a lease, which lapses IM_NODE_LEASE_SECONDS after its last renewal.

Times are measured by Redis's clock only. `im:lease:<lease>` holds the node's NodeInfo, `im:leases` is the set of all
leases. All other keys of a node belong to its lease and are ignored once it has lapsed.
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
from delivery.log_throttle import log_recovery
from delivery.metrics import NODE_ID_USED_TWICE, fault_counts
from delivery.nodes.base import (
    ConnectionCounter,
    NodeInfo,
    NodesCallback,
    count_no_connections,
    ignore_node_changes,
)

logger = logging.getLogger(__name__)

MAX_REFRESH_INTERVAL_SECONDS = 1.0
"""Seconds between renewals of the lease and reads of the registry; less if leases are short."""

_TAKE_LEASE = """
local key = 'im:lease:' .. ARGV[1]
redis.call('HSET', key, 'id', ARGV[3], 'address', ARGV[4], 'started', ARGV[5], 'writes', 0,
    'connections', 0, 'logged_in', 0)
redis.call('PEXPIRE', key, ARGV[2])
redis.call('SADD', 'im:leases', ARGV[1])
"""

_RENEW_LEASE = """
local key = 'im:lease:' .. ARGV[1]
local writes = redis.call('HGET', key, 'writes')
if writes then
    redis.call('HSET', key, 'connections', ARGV[3], 'logged_in', ARGV[4], 'fault_counts', ARGV[5])
    redis.call('PEXPIRE', key, ARGV[2])
end
local live = {}
for _, lease in ipairs(redis.call('SMEMBERS', 'im:leases')) do
    local row = redis.call('HMGET', 'im:lease:' .. lease, 'id', 'address', 'started', 'connections', 'logged_in',
        'fault_counts')
    if row[1] then live[#live + 1] = row else redis.call('SREM', 'im:leases', lease) end
end
return {tonumber(writes or -1), live}
"""

_RELEASE_LEASE = """
redis.call('DEL', 'im:lease:' .. ARGV[1])
redis.call('SREM', 'im:leases', ARGV[1])
"""


def _do_nothing() -> None:
    """Do nothing."""


class RedisNodeRegistry:
    """The registry of a cluster; see `delivery.nodes.base.NodeRegistry`.

    While Redis is unreachable, a node counts as running until its lease would have lapsed.
    """

    def __init__(self, redis: RedisClient, node: str) -> None:
        self.id = node
        self.address = ""
        self.count_connections: ConnectionCounter = count_no_connections
        self.on_change: NodesCallback = ignore_node_changes
        self.lease = ""
        """The id of this node's current lease. A new lease replaces it whenever Redis may have lost data."""
        self.writes = 0
        """Number of writes under this lease that Redis has acknowledged.

        A smaller number in Redis means that it lost data.
        """
        self.on_new_lease: Callable[[], None] = _do_nothing
        """Called after a new lease has been taken, so that all data of this node is written again under it."""
        self._redis = redis
        self._started = now_ms()
        self._seen: dict[str, tuple[NodeInfo, float]] = {}
        """The other nodes by id, and the time at which Redis last listed each."""
        self._others: dict[str, NodeInfo] = {}
        self._renewed_at = 0.0
        self._distrusted_until = 0.0
        """Time until which Redis may not list all nodes, because it has lost data."""
        self._twin_since: float | None = None
        """Since when Redis lists another process with this node's id."""
        self._refresh_requested = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take a lease; while Redis is unreachable, the first successful refresh takes it."""
        await self.refresh()
        self._task = asyncio.create_task(self._run(), name="nodes")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        try:
            await self._redis.run_script(_RELEASE_LEASE, self.lease)
        except RedisUnavailable:
            logger.info("lease_release_failed")
        self.lease = ""

    def live(self) -> dict[str, NodeInfo]:
        own = NodeInfo(self.id, self.address, self._started, *self.count_connections(), fault_counts())
        return {self.id: own, **self._others}

    def request_refresh(self) -> None:
        """Refresh at once, because this node's view may be wrong or Redis may not have its lease."""
        self._refresh_requested.set()

    @property
    def interval(self) -> float:
        """Seconds between two refreshes: a lease is renewed at least three times before it lapses."""
        return float(min(MAX_REFRESH_INTERVAL_SECONDS, settings.IM_NODE_LEASE_SECONDS / 3))

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.interval if self._redis.is_up else self.interval / 2):
                    await self._refresh_requested.wait()
            self._refresh_requested.clear()
            try:
                await self.refresh()
            except Exception:
                logger.exception("node_registry_error")

    async def refresh(self) -> None:
        """Renew the lease and read which nodes are running. Fails silently while Redis is unreachable."""
        lease_ms = int(settings.IM_NODE_LEASE_SECONDS * 1000)
        now = time.monotonic()
        try:
            # After a failure it is unknown which writes Redis has carried out, or will: a new lease makes them void.
            lease = self.lease if self._redis.is_up else ""
            counts = self.count_connections()
            known, rows = await self._redis.probe(_RENEW_LEASE, lease, lease_ms, *counts, json.dumps(fault_counts()))
            if known < self.writes:
                if self._renewed_at and (
                    not self._redis.is_up or now < self._renewed_at + settings.IM_NODE_LEASE_SECONDS
                ):
                    # Redis may have restarted without its data, and other nodes not yet have registered again.
                    self._distrusted_until = now + settings.IM_NODE_LEASE_SECONDS
                await self._take_lease(lease_ms)
        except RedisUnavailable:
            self._update_others(None)
            return
        self._renewed_at = now
        self._look_for_twin(rows, now)
        self._update_others(rows)

    async def _take_lease(self, lease_ms: int) -> None:
        lease = f"{self.id}/{secrets.token_hex(4)}"
        await self._redis.probe(_TAKE_LEASE, lease, lease_ms, self.id, self.address, self._started)
        self.lease, self.writes = lease, 0
        self._redis.mark_up()
        self.on_new_lease()

    def _look_for_twin(self, rows: Sequence[Sequence[str]], now: float) -> None:
        """Report another process with this node's id, once it is listed for longer than the lease of a killed one."""
        if not any(row[0] == self.id and (row[1], int(row[2])) != (self.address, self._started) for row in rows):
            self._twin_since = None
            NODE_ID_USED_TWICE.set(0)
            log_recovery(logger, "node_id_used_twice")
            return
        if self._twin_since is None:
            self._twin_since = now
        if now > self._twin_since + settings.IM_NODE_LEASE_SECONDS + self.interval:
            NODE_ID_USED_TWICE.set(1)
            logger.error("node_id_used_twice", extra={"node": self.id})

    def _update_others(self, rows: Sequence[Sequence[str]] | None) -> None:
        """Update the other nodes from the rows that Redis lists.

        While Redis may not list all nodes, keep those whose leases may still be valid.
        """
        now = time.monotonic()
        named: dict[str, NodeInfo] = {}
        for node, address, started, connections, logged_in, faults in rows or ():
            # A node of an older version does not report its faults.
            numbers = int(started), int(connections), int(logged_in)
            info = NodeInfo(node, address, *numbers, json.loads(faults or "{}"))
            # Of two leases of one id the later start counts: the other process has been killed.
            if node != self.id and (node not in named or named[node].started <= info.started):
                named[node] = info
        if rows is None or now < self._distrusted_until:
            kept = {node: seen for node, seen in self._seen.items() if now < seen[1] + settings.IM_NODE_LEASE_SECONDS}
        else:
            kept = {}
        self._seen = kept | {node: (info, now) for node, info in named.items()}
        before, self._others = self._others, {node: info for node, (info, _) in self._seen.items()}
        left = before.keys() - self._others.keys()
        joined = {
            node for node, info in self._others.items() if node not in before or _has_restarted(before[node], info)
        }
        if joined or left:
            self.on_change(joined, set(left))


def _has_restarted(before: NodeInfo, after: NodeInfo) -> bool:
    return (before.address, before.started) != (after.address, after.started)
