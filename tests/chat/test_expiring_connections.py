"""A connection ends with the session or token that it was opened with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.actions import service_create, service_token_create, token_create
from accounts.models import User
from chat.consumers.protobuf_consumer import ProtobufConsumer
from chat.models import Message
from delivery.db.executors import run
from delivery.hub import expiry
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalClient, LocalSocket, running_node
from tests.support.protobuf_client import ProtobufClient
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

LIFETIME = timedelta(hours=1)


class Clock:
    """The clock of the expiry timer. Set forward, it ends what expires later."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def time(self) -> float:
        return (timezone.now() + self.ahead).timestamp()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(expiry, "time", made)
    monkeypatch.setattr(expiry, "MAX_SLEEP_SECONDS", 0.01)
    return made


def short_token(user: User) -> str:
    return token_create(user=user, lifetime=LIFETIME).token


async def expired(client: LocalClient | ProtobufClient) -> bool:
    """Wait for the end; return whether its code and reason tell that the credential has expired."""
    return (await client.closed(), client.socket.close_reason) == (4001, "expired")


async def test_a_tokens_connections_end_with_it(clock: Clock) -> None:
    scenario = await run(GroupScenario)
    async with running_node() as node:
        token = await run(short_token, scenario.bob)
        page, phone = LocalClient.open(), ProtobufClient(LocalSocket(consumer=ProtobufConsumer), scenario.bob.pk)
        await page.login_token(token)
        await phone.login(token, sync=0)
        other = await node.connect(scenario.bob)
        clock.ahead = LIFETIME

        assert await expired(page) and await expired(phone)

        await page.send({"seq": "1", "cmd": "message.send", "data": {"target": str(scenario.group.pk), "msg": "late"}})
        await wait_until(lambda: len(node.hub.connections) == 1)
        await run(scenario.say, "live")
        assert (await other.push("msg")).data["msg"] == "live"
        assert page.positions("msg") == [] and phone.texts == []
        await page.close()
        await phone.close()
    assert await run(Message.objects.count) == 1


async def test_a_service_tokens_connection_ends_with_it(clock: Clock) -> None:
    await run(GroupScenario)
    service = await run(lambda: service_create(username="shop"))
    made = await run(lambda: service_token_create(service=service, name="till", days=1))
    async with running_node():
        till = LocalClient.open()
        await till.login_token(made.token)
        assert await till.call("ping") == "pong"
        clock.ahead = timedelta(days=1)
        assert await expired(till)
        await till.close()


def browser_session(user: User, lifetime: timedelta) -> str:
    """Return the key of a new session of the user."""
    session = SessionStore()
    session.update({SESSION_KEY: str(user.pk), HASH_SESSION_KEY: user.get_session_auth_hash()})
    session.save()
    Session.objects.filter(session_key=session.session_key).update(expire_date=timezone.now() + lifetime)
    return str(session.session_key)


class Page(LocalClient):
    """A page in a browser with a session."""

    @classmethod
    async def with_session(cls, key: str, monkeypatch: pytest.MonkeyPatch) -> Page:
        monkeypatch.setattr("chat.consumers.handshake.session_key", lambda scope: key)
        page = cls.open()
        await page.call("login", appId=101)
        return page  # type: ignore[return-value]


async def test_a_sessions_connection_ends_with_it(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = await run(GroupScenario)
    async with running_node():
        page = await Page.with_session(await run(browser_session, scenario.bob, LIFETIME), monkeypatch)
        clock.ahead = LIFETIME
        assert await expired(page)
        await run(lambda: Session.objects.update(expire_date=timezone.now()))
        again = LocalClient.open()
        refused: dict[str, Any] = (await again.request("login", appId=101)).data
        assert refused["error"] == "Your session has ended. Sign in again."
        await page.close()
        await again.close()


async def test_a_renewed_session_may_log_in_again(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection knows the end that the session had at the log-in; only then it is asked for again."""
    scenario = await run(GroupScenario)
    async with running_node():
        key = await run(browser_session, scenario.bob, LIFETIME)
        page = await Page.with_session(key, monkeypatch)
        later = timezone.now() + timedelta(days=1)
        await run(lambda: Session.objects.filter(session_key=key).update(expire_date=later))
        clock.ahead = LIFETIME
        assert await expired(page)
        again = await Page.with_session(key, monkeypatch)
        assert (await again.call("heartbeat"))["position"]
        await page.close()
        await again.close()


async def test_a_guests_connection_ends_with_its_token(clock: Clock) -> None:
    await run(GroupScenario)
    async with running_node():
        guest = LocalClient.open()
        await guest.login_guest("Wanderer")
        clock.ahead = timedelta(days=89)
        assert await guest.call("ping") == "pong"
        clock.ahead = timedelta(days=90)
        assert await expired(guest)
        await guest.close()


async def test_all_connections_are_watched_by_one_timer(clock: Clock) -> None:
    scenario = await run(GroupScenario)
    async with running_node() as node:
        bobs: list[LocalClient] = [await node.connect(scenario.bob) for _ in range(5)]
        timer: Any = node.hub.audience._expiry
        assert len(timer._heap) == len(timer._watched) == 5
        for bob in bobs:
            await bob.close()
        assert (timer._heap, timer._watched, timer._timer) == ([], {}, None)
