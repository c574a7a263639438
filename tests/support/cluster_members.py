"""Nodes of a cluster in this process, with registry and presence only, each with its own connection to one Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_nodes import RedisNodeRegistry
from delivery.cluster.redis_presence import RedisPresence
from delivery.presence.base import Presence
from tests.support.waiting import TIMEOUT_SECONDS

PresenceChange = tuple[str, int, str, int]
"""`online` or `offline`, user id, name and app."""
WEB, IOS = 101, 102


def record_changes(presence: Presence) -> list[PresenceChange]:
    """Return a list to which all later changes of this presence are appended."""
    changes: list[PresenceChange] = []
    presence.on_online = lambda user_id, name, app: changes.append(("online", user_id, name, app))
    presence.on_offline = lambda user_id, name, app: changes.append(("offline", user_id, name, app))
    return changes


async def wait_until_agreed(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the asynchronous condition is true. Raises TimeoutError if it never is."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await condition():  # noqa: ASYNC110  another node is asked, which announces nothing
            await asyncio.sleep(0.01)


class ClusterNode:
    """One node. It records the changes of presence that it reports, and the changes of nodes that it sees."""

    def __init__(self, url: str, name: str) -> None:
        self.redis = RedisClient(url)
        self.nodes = RedisNodeRegistry(self.redis, name)
        self.nodes.address = f"{name}.example:7000"
        self.presence = RedisPresence(self.redis, self.nodes)
        self.presence_changes = record_changes(self.presence)
        self.node_changes: list[tuple[set[str], set[str]]] = []
        self.nodes.on_change = lambda joined, left: self.node_changes.append((joined, left))
        self.is_running = False

    async def start(self) -> None:
        self.is_running = True
        await self.nodes.start()
        await self.presence.start()

    async def stop(self) -> None:
        """Leave the cluster, like a node that is stopped."""
        if self.is_running:
            self.is_running = False
            await self.presence.stop()
            await self.nodes.stop()
            await self.redis.close()

    async def kill(self) -> None:
        """Stop without writing to Redis, like a killed process."""
        self.is_running = False
        tasks = [task for task in (self.nodes._task, *self.presence._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.redis.close()

    def connect(self, *user_ids: int, app: int = WEB) -> None:
        """Connect the users, whose names are `user <id>`."""
        for user_id in user_ids:
            self.presence.connect(user_id, f"user {user_id}", app)

    def disconnect(self, *user_ids: int, app: int = WEB) -> None:
        for user_id in user_ids:
            self.presence.disconnect(user_id, app)

    async def sees(self, *user_ids: int, app: int = WEB, among: tuple[int, ...] = (1, 2, 3)) -> None:
        """Wait until exactly these users are online on the app, by every query of this node."""
        expected, presence = set(user_ids), self.presence

        async def is_seen() -> bool:
            named = {one for one in among if one in await presence.find_by_name(f"user {one}", app)}
            return (
                set(await presence.list_online(app)) == await presence.filter_online(among, app) == expected
                and await presence.count_online(app) == len(expected)
                and named == expected
            )

        await wait_until_agreed(is_seen)

    async def sees_count(self, count: int) -> None:
        """Wait until this many users are online on WEB."""

        async def is_seen() -> bool:
            return await self.presence.count_online(WEB) == count

        await wait_until_agreed(is_seen)


def changes_of(user_id: int, *nodes: ClusterNode) -> list[str]:
    """Return the changes of the user that the nodes reported, sorted: `offline`, `online`."""
    return sorted(change for node in nodes for change, of, _, _ in node.presence_changes if of == user_id)


@asynccontextmanager
async def cluster_nodes(url: str, *names: str) -> AsyncIterator[list[ClusterNode]]:
    """Start nodes with these names that know each other, and stop those still running at the end."""
    nodes = [ClusterNode(url, name) for name in names]
    async with AsyncExitStack() as stack:
        for node in nodes:
            stack.push_async_callback(node.stop)
            await node.start()
        for node in nodes:
            await node.nodes.refresh()
        yield nodes
