"""The site's core in this process: users and channels in the database, a node, and clients without a socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from django.conf import settings

from accounts.actions import app_create, token_issue
from accounts.models import User
from chat.actions.channel import channel_create_global
from chat.consumers.base import Consumer
from chat.consumers.json_consumer import JsonConsumer
from chat.models import Channel
from chat.node.lifecycle import Node, start_node, stop_node
from chat.sending.decide import decide
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.load import load
from chat.sending.store import store
from chat.sending.writer import commit
from delivery import log
from delivery.db.executors import run
from delivery.db.transactions import write
from tests.support.client import Client, Envelope
from tests.support.waiting import TIMEOUT_SECONDS


def create_users(*names: str) -> list[User]:
    """Create accounts with these user names."""
    return [User.objects.create_user(name, nickname=name.capitalize()) for name in names]


def create_guest(name: str) -> User:
    return User.objects.create_user(f"guest-{name}", nickname=name, kind=User.Kind.GUEST)


def create_global_channel(number: int = 101) -> Channel:
    """Create an app and return its global channel."""
    return channel_create_global(app=app_create(number=number, name=f"App {number}"))


def draft(sender: User, channel: Channel | int, text: str = "hello", **fields: Any) -> Draft:
    return Draft(sender=sender.pk, channel=channel if isinstance(channel, int) else channel.pk, text=text, **fields)


def say(sender: User, channel: Channel | int, text: str = "hello", **fields: Any) -> StoredMessage:
    """Store one message. It must be accepted."""
    (outcome,) = commit([draft(sender, channel, text, **fields)])
    assert isinstance(outcome, StoredMessage), outcome
    return outcome


def store_unpublished(*drafts: Draft) -> list[Outcome]:
    """Store the drafts like `commit`, without publishing their events.

    Inside another transaction nothing is committed.
    """
    with write():
        decision = decide(drafts, load(drafts), log.now_ms())
        store(decision.new)
    return decision.outcomes()


class LocalSocket:
    """The part of a socket that `Client` needs, connected to the consumer in this process."""

    def __init__(self, query: str = "", consumer: type[Consumer] = JsonConsumer) -> None:
        self._consumer = consumer
        self.close_code: int | None = None
        self.close_reason = ""
        self.transport = self
        self.reading = asyncio.Event()
        """While cleared, the client reads nothing, so the server's writes wait."""
        self.reading.set()
        self._up: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._down: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._up.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": "/acc",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
            "extensions": {},
        }
        self._server = asyncio.create_task(self._serve(scope))

    async def _serve(self, scope: dict[str, Any]) -> None:
        try:
            await self._consumer()(scope, self._up.get, self._send)
        finally:
            self._down.put_nowait(None)

    async def _send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await self.reading.wait()
            self._down.put_nowait(message["text"] if "text" in message else message["bytes"])
        elif message["type"] == "websocket.close":
            self._end(message.get("code", 1000), message.get("reason", ""))

    def _end(self, code: int, reason: str = "") -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self._up.put_nowait({"type": "websocket.disconnect", "code": code})

    async def send(self, frame: str | bytes) -> None:
        kind = "text" if isinstance(frame, str) else "bytes"
        self._up.put_nowait({"type": "websocket.receive", kind: frame})

    async def close(self) -> None:
        self._end(1000)
        self.reading.set()
        await asyncio.gather(self._server, return_exceptions=True)

    def abort(self) -> None:
        """End the connection like a lost network: frames in flight are dropped."""
        self._end(1006)
        self.reading.set()

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (text := await self._down.get()) is not None:
            yield text


class LocalClient(Client):
    """A client of this process's node. `position` is that of the last log-in reply."""

    position = 0
    create_global_channel = ""
    socket: LocalSocket

    @classmethod
    def open(cls, query: str = "") -> LocalClient:
        socket = LocalSocket(query)
        made = cls(socket)  # type: ignore[arg-type]
        made.socket = socket
        return made

    async def enter(self, user: User, *, app: int = 101, after: int | None = None) -> None:
        reply = await self.login_token(await run(lambda: token_issue(user=user)), app=app, after=after)
        self.position, self.room = reply["position"], reply["target"]

    async def say(self, target: Channel | int | str, text: str = "hello", **fields: Any) -> dict[str, Any]:
        target = str(target.pk if isinstance(target, Channel) else target)
        reply: dict[str, Any] = await self.call("message.send", target=target, type="text", msg=text, **fields)
        return reply

    def positions(self, *commands: str) -> list[int]:
        """Return the positions of received pushes, of these commands or of all."""
        return [push.data["position"] for push in self.pushes() if not commands or push.cmd in commands]

    def pushes(self) -> list[Envelope]:
        """Return all received pushes that are in the log."""
        return [item for item in self.received if item.text == "Ok" and "position" in item.data]

    async def sync(self, after: int) -> list[dict[str, Any]]:
        """Return the events of all pages of `sync`, in order. Raises AssertionError for a reset."""
        events: list[dict[str, Any]] = []
        more = True
        while more:
            page = await self.call("sync", after=after)
            assert "reset" not in page
            events += page["events"]
            after, more = page["position"], page["hasMore"]
        self.position = after
        return events


class LocalNode:
    """A node in this process, and connections to it."""

    def __init__(self, here: Node, stack: AsyncExitStack) -> None:
        self.node = here
        self.hub = here.hub
        self._stack = stack

    async def connect(self, user: User, query: str = "", **how: Any) -> LocalClient:
        """Return a new logged-in connection of the user. It is closed at the end of the block."""
        client = LocalClient.open(query)
        self._stack.push_async_callback(client.close)
        await client.enter(user, **how)
        return client


@asynccontextmanager
async def running_node() -> AsyncIterator[LocalNode]:
    """Run a node during the block."""
    here = await start_node()
    try:
        async with AsyncExitStack() as stack:
            yield LocalNode(here, stack)
    finally:
        await stop_node()
        await _threads_at_rest()


async def _threads_at_rest() -> None:
    """Wait for database work that the node has started and not awaited, because the database is emptied next."""
    together = threading.Barrier(settings.IM_DB_THREADS)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.gather(*(run(together.wait) for _ in range(settings.IM_DB_THREADS)))
