"""Starts, drains and stops this process as a node: hub, write queue, connection limiter and periodic tasks."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from accounts import actions as accounts
from chat import errors
from chat.actions.away_broadcast import AwayBroadcaster
from chat.actions.presence_broadcast import PresenceBroadcaster
from chat.actions.received_positions import ReceivedPositions
from chat.link_previews.queue import PreviewQueue
from chat.node import periodic_tasks
from chat.node.connection_limiter import ConnectionLimiter
from chat.node.resend_timer import ResendTimer
from chat.push.dispatcher import PushDispatcher
from chat.sending.queue import WriteQueue, set_queue
from chat.slash.runs import runs_delete_old
from chat.webhooks.outgoing import deliveries
from chat.webhooks.outgoing.dispatcher import Dispatcher
from delivery import idempotency, publish
from delivery.db import replica
from delivery.db.executors import run
from delivery.db.replica_monitor import ReplicaMonitor
from delivery.hub import receipts
from delivery.hub.hub import RECONNECTS_PER_SECOND, Hub
from delivery.log_throttle import log_recovery
from delivery.nodes.base import NodeRegistry
from delivery.nodes.memory import MemoryNodeRegistry
from delivery.presence.base import Presence
from delivery.presence.memory import MemoryPresence
from delivery.rate_limits.limiter import use_shared_buckets
from delivery.rate_limits.settlements import run_settlements

if TYPE_CHECKING:
    from delivery.cluster.rpc.server import AnswerPoll
    from delivery.cluster.services import Cluster

logger = logging.getLogger(__name__)


class Node:
    """One node of the site. The server's lifespan starts it, or under daphne the first connection."""

    def __init__(self) -> None:
        node_id = settings.IM_NODE_ID or secrets.token_hex(4)
        self.cluster = _cluster(node_id) if settings.REDIS_URL else None
        self.nodes: NodeRegistry = self.cluster.nodes if self.cluster is not None else MemoryNodeRegistry(node_id)
        presence: Presence = self.cluster.presence if self.cluster is not None else MemoryPresence(node_id)
        self.hub = Hub(presence)
        if self.cluster is not None:
            self.hub.activity = self.cluster.activity
        self.away_broadcaster = AwayBroadcaster(presence)
        self.presence_broadcaster = PresenceBroadcaster(presence, self.away_broadcaster)
        self.writer = WriteQueue(settings.IM_CLUSTER_COMMIT_INTERVAL if self.cluster is not None else None)
        self.connection_limiter = ConnectionLimiter()
        self.resend_timer = ResendTimer()
        self.received_positions = ReceivedPositions()
        self.webhooks = Dispatcher(node_id, self.hub)
        self.link_previews = PreviewQueue(self.hub)
        self.push = PushDispatcher(node_id, self.hub)
        self.accepting = True
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self.nodes.count_connections = self._counts
        await self.hub.start()
        relay = await self.cluster.start(self.hub) if self.cluster is not None else None
        self.writer.start()
        publish.configure(self.hub, relay)
        use_shared_buckets(self.cluster.token_buckets if self.cluster is not None else None)
        set_queue(self.writer)
        self.webhooks.start()
        self.link_previews.start()
        self.push.start()
        if min(self.nodes.live().values(), key=lambda info: (info.started, info.id)).id == self.nodes.id:
            self.presence_broadcaster.log.record_reset()
        own = {"sweep": self._sweep(), "tidy": _run_cleanup(), "receipts": self.hub.receipts.run()}
        self._tasks = [asyncio.create_task(work, name=name) for name, work in own.items()]
        self._tasks += periodic_tasks.start_periodic_tasks()
        if replica.is_configured():
            self._tasks.append(asyncio.create_task(ReplicaMonitor().run(), name="replica"))
        if self.cluster is not None:
            self._tasks.append(asyncio.create_task(run_settlements(self.cluster.token_buckets), name="rate limits"))

    async def drain(self, timeout: float) -> None:
        """Accept no more connections, and close the open ones after their replies, with a hint when to reconnect.

        Return when all are closed, or after `timeout` seconds.
        """
        self.accepting = False
        leaving = list(self.hub.connections.values())
        spread = min(settings.IM_RECONNECT_SPREAD_SECONDS, 0.5 + len(leaving) / RECONNECTS_PER_SECOND)
        try:
            async with asyncio.timeout(timeout):
                for number, connection in enumerate(leaving):
                    connection.drain(errors.DRAINING.number, f"retry in {random.uniform(0, spread):.1f}s")
                    if number % RECONNECTS_PER_SECOND == 0:
                        await asyncio.sleep(0)
                while self.hub.connections:  # noqa: ASYNC110  nothing announces the last one's end
                    await asyncio.sleep(0.02)
        except TimeoutError:
            logger.info("drain_incomplete", extra={"connections": len(self.hub.connections)})

    async def stop(self) -> None:
        """Commit the accepted sends and stop following the event log. The server closes the connections afterwards."""
        self.accepting = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.webhooks.stop()
        await self.link_previews.stop()
        await self.push.stop()
        await self.writer.stop()
        set_queue(None)
        use_shared_buckets(None)
        publish.configure(None)
        await self.hub.stop()
        await self.hub.receipts.flush()
        await self.received_positions.flush()
        if self.cluster is not None:
            await self.cluster.stop()
        else:
            await self.hub.presence.stop()
        await self.presence_broadcaster.stop()
        await self.away_broadcaster.stop()

    # -- clients that poll ----------------------------------------------------------------------------------------

    def answer_poll(self, answer: AnswerPoll) -> None:
        """Let `answer` answer the HTTP calls of polling clients that reach another node: see `forward_poll`."""
        if self.cluster is not None:
            self.cluster.set_answer_poll(answer)

    async def forward_poll(
        self, node: str, action: str, connection: str, owner: str, body: bytes
    ) -> tuple[int, bytes] | None:
        """Return status and body of another node's answer to the HTTP call of a polling client.

        None: the node is not in the cluster, or knows no such connections. Raises ConnectionError.
        """
        from delivery.cluster.rpc.peer import PeerFailed

        if self.cluster is None or (peers := self.cluster.peers) is None or node not in peers.nodes:
            return None
        wait = settings.IM_POLLING_WAIT if action == "poll" else settings.IM_REQUEST_TIMEOUT
        try:
            status, answer = await peers.poll(node, action, connection, owner, body, wait_seconds=wait)
        except PeerFailed as failure:
            raise ConnectionError(str(failure)) from failure
        return (status, answer) if status else None

    def _counts(self) -> tuple[int, int]:
        connections = self.hub.connections.values()
        return len(connections), sum(connection.is_attached for connection in connections)

    async def _sweep(self) -> None:
        """Close connections that did not log in in time, and those that have sent nothing for too long."""
        pause = min(5.0, settings.IM_LOGIN_TIMEOUT / 4, settings.IM_HEARTBEAT_TIMEOUT / 4)
        while True:
            await asyncio.sleep(pause)
            now = time.monotonic()
            for connection in list(self.hub.connections.values()):
                if not connection.is_attached and now - connection.opened_at > settings.IM_LOGIN_TIMEOUT:
                    connection.close(errors.LOGIN_DEADLINE.number, errors.LOGIN_DEADLINE.reason)
                elif now - connection.last_seen_at > settings.IM_HEARTBEAT_TIMEOUT:
                    connection.close(errors.IDLE_TIMEOUT.number, errors.IDLE_TIMEOUT.reason)


def _cluster(node_id: str) -> Cluster:
    # Only a cluster needs gRPC and the client of Redis, which take 15 MB.
    from delivery.cluster.services import Cluster

    return Cluster(node_id)


async def _run_cleanup() -> None:
    """Delete expired keys, receipts, sessions and webhook attempts, every IM_CLEANUP_INTERVAL seconds."""
    while True:
        try:
            await run(idempotency.forget_expired)
            await run(receipts.delete_old_receipts)
            await run(accounts.expired_credentials_delete)
            await run(deliveries.attempts_delete_old)
            await run(runs_delete_old)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("cleanup_failed", extra={"error": type(error).__name__})
        else:
            log_recovery(logger, "cleanup_failed")
        await asyncio.sleep(settings.IM_CLEANUP_INTERVAL)


_node: Node | None = None
_starting: asyncio.Lock | None = None


async def start_node() -> Node:
    """Return this process's node; start it first if necessary."""
    global _node, _starting
    if _node is None:
        _starting = _starting or asyncio.Lock()
        async with _starting:
            if _node is None:
                fresh = Node()
                await fresh.start()
                _node = fresh
    return _node


def running_node() -> Node | None:
    """Return this process's node, or None before it has started."""
    return _node


async def drain_node(timeout: float) -> None:
    """Drain this process's node, if it has one. See `Node.drain`."""
    if _node is not None:
        await _node.drain(timeout)


async def stop_node() -> None:
    global _node, _starting
    stopping, _node, _starting = _node, None, None
    if stopping is not None:
        await stopping.stop()
