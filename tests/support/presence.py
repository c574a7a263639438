"""Nodes of a cluster in this process, as far as registry and presence go: each with its own way to one Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_nodes import RedisNodes
from delivery.cluster.redis_presence import RedisPresence
from delivery.presence.base import Presence
from tests.support.eventually import PATIENCE

Told = list[tuple[str, int, str, int]]
"""What a presence told of comings and goings: `came` or `went`, person, name, app."""


def listen(presence: Presence) -> Told:
    """All that this presence tells from now on."""
    told: Told = []
    presence.on_first = lambda person, name, app: told.append(("came", person, name, app))
    presence.on_last = lambda person, name, app: told.append(("went", person, name, app))
    return told


async def agreed(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the answers are like that. Raises TimeoutError if they never are."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110  it is asked of another node, which tells nobody
            await asyncio.sleep(0.01)


class Member:
    """One node. `told` is what it told of comings and goings, `changes` what it heard of other nodes."""

    def __init__(self, url: str, name: str) -> None:
        self.link = RedisClient(url)
        self.nodes = RedisNodes(self.link, name)
        self.nodes.address = f"{name}.example:7000"
        self.presence = RedisPresence(self.link, self.nodes)
        self.told = listen(self.presence)
        self.changes: list[tuple[set[str], set[str]]] = []
        self.nodes.changed = lambda joined, left: self.changes.append((joined, left))
        self.running = False

    @property
    def others(self) -> set[str]:
        return set(self.nodes.live()) - {self.nodes.id}

    async def start(self) -> None:
        self.running = True
        await self.nodes.start()
        await self.presence.start()

    async def stop(self) -> None:
        """Depart as a node does that is told to."""
        if self.running:
            self.running = False
            await self.presence.stop()
            await self.nodes.stop()
            await self.link.close()

    async def die(self) -> None:
        """Like a process that is killed: not another word to Redis."""
        self.running = False
        tasks = [task for task in (self.nodes._task, *self.presence._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.link.close()


@asynccontextmanager
async def members(url: str, *names: str) -> AsyncIterator[list[Member]]:
    """Nodes of these names that know each other; they depart at the end, unless they have."""
    made = [Member(url, name) for name in names]
    async with AsyncExitStack() as stack:
        for member in made:
            stack.push_async_callback(member.stop)
            await member.start()
        for member in made:
            await member.nodes.look()
        yield made
