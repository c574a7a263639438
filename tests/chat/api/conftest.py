"""Fixtures for the APIs: a hub on a thread of its own, and users whose connections collect pushes."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.actions import app_create, token_issue
from accounts.models import App, User
from chat import selectors
from chat.actions.channel import channel_create_global
from chat.sending.queue import WriteQueue, set_queue
from delivery import publish
from delivery.db.executors import run
from delivery.hub.connection import Connection
from delivery.hub.hub import Hub
from delivery.hub.segments import Frame
from delivery.log import Entry
from tests.support.both_ways import SENDS_BY, BothWays
from tests.support.waiting import TIMEOUT_SECONDS

T = TypeVar("T")
_marks = itertools.count()

FORM = "application/x-www-form-urlencoded"

Answer = dict[str, Any]
Grant = Callable[..., str]


def get(client: Client, path: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> Answer:
    return answer(client.get(path, fields, headers=headers))


def post(client: Client, path: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> Answer:
    return answer(client.post(path, urlencode(fields), FORM, headers=headers))


def answer(response: Any) -> Answer:
    """Return the body of a call's answer, which is always HTTP 200."""
    assert response.status_code == 200
    content: Answer = json.loads(response.content)
    assert set(content) == {"code", "msg", "data"}
    return content


@pytest.fixture
def sends_by() -> str:
    """Return the way in which sends are made. Tests of sends make them in each way."""
    return SENDS_BY[0]


@pytest.fixture(autouse=True)
def both_ways(monkeypatch: pytest.MonkeyPatch, sends_by: str) -> BothWays:
    """Make each call that the fast path answers by Django too, and compare the answers."""
    ways = BothWays(sends_by)
    ways.install(monkeypatch)
    return ways


class RecordedConnection:
    """A user's connection and the frames that it received."""

    def __init__(self, live_hub: LiveHub, user: User, app: App, address: str) -> None:
        self._live_hub = live_hub
        self.connection = Connection(
            codec="json", address=address, ticker=live_hub.hub.ticker, on_close=lambda code, reason: None
        )
        self.user = user
        self.frames: list[dict[str, Any]] = []
        one = self.connection
        one.user_id, one.name, one.nickname, one.kind = user.pk, user.public_name, user.nickname, user.kind
        one.app, one.channels = app.number, (selectors.global_channel(app).pk,)

    async def attach(self) -> None:
        self._live_hub.hub.add(self.connection)
        number = self.connection.open_reply()
        hub = self._live_hub.hub
        with hub.audience.record_changes() as changes:
            hub.register(self.connection, await run(selectors.membership_intervals, self.user.pk), changes)
        hub.attach(self.connection, number)
        self.connection.reply(number, None)
        self.connection.outbox.start(self._write)

    async def detach(self) -> None:
        self._live_hub.hub.remove(self.connection)
        self.connection.outbox.stop()

    def _write(self, frames: list[Frame]) -> None:
        self.frames += [json.loads(frame) for frame in frames]
        self._live_hub.written.set()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return the messages so far, including all caused by earlier calls."""
        self._live_hub.settle()
        return [frame for frame in self.frames if frame["cmd"] == "msg"]

    @property
    def texts(self) -> list[str]:
        return [frame["response"]["data"]["msg"] for frame in self.messages]


class LiveHub:
    """A running hub with its connections, and a write queue."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._queue = WriteQueue()
        self.hub = self.call(self._make())
        self.written = asyncio.Event()
        self._screens: list[RecordedConnection] = []
        publish.configure(self.hub)

    async def _make(self) -> Hub:
        hub = Hub()
        await hub.start()
        self._queue.start()
        set_queue(self._queue)
        return hub

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT_SECONDS)

    def log_in(self, user: User, app: App, address: str = "192.0.2.1") -> RecordedConnection:
        screen = RecordedConnection(self, user, app, address)
        self.call(screen.attach())
        self._screens.append(screen)
        return screen

    def log_out(self, screen: RecordedConnection) -> None:
        self._screens.remove(screen)
        self.call(screen.detach())

    def settle(self) -> None:
        """Wait until every connection has received all earlier announcements."""
        body = {"mark": str(next(_marks))}
        everybody = tuple({screen.user.pk for screen in self._screens})
        publish.push_transient(Entry(kind="mark", user_ids=everybody, body=body))

        async def arrived() -> None:
            while not all(
                any(frame["response"]["data"] == body for frame in screen.frames) for screen in self._screens
            ):
                self.written.clear()
                await self.written.wait()

        self.call(asyncio.wait_for(arrived(), TIMEOUT_SECONDS))

    def close(self) -> None:
        publish.configure(None)
        for screen in list(self._screens):
            self.log_out(screen)
        set_queue(None)
        self.call(self._queue.stop())
        self.call(self.hub.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT_SECONDS)
        self._loop.close()


@pytest.fixture
def live_hub(transactional_db: None) -> Iterator[LiveHub]:
    running = LiveHub()
    yield running
    running.close()


def _app(number: int, name: str, *, enabled: bool = True) -> App:
    app = app_create(number=number, name=name, enabled=enabled)
    channel_create_global(app=app)
    return app


@pytest.fixture
def ios(db: None) -> App:
    return _app(102, "iOS")


@pytest.fixture
def old(db: None) -> App:
    """Return a disabled app."""
    return _app(105, "Old", enabled=False)


@pytest.fixture
def shop(db: None) -> User:
    """Return the service account of another system."""
    return User.objects.create_user("shop", nickname="The shop", kind=User.Kind.SERVICE)


@pytest.fixture
def grant(db: None) -> Grant:
    """Return a function that grants permissions to a user and returns the header of a new token."""

    def give(user: User, *permissions: str) -> str:
        user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
        return f"Token {token_issue(user=user)}"

    return give


@pytest.fixture
def outside() -> Client:
    """Return a program outside of all configured networks."""
    return Client(REMOTE_ADDR="203.0.113.9")
