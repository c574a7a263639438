"""Fixtures: a push service on loopback, users of a group, and the browsers that they have subscribed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from accounts.actions.devices import device_create
from accounts.credentials import session_credential
from accounts.models import Device, User
from chat.models import PushNotification
from chat.push import keys, notifications
from chat.push.actions import BrowserKeys, Choices, push_subscribe
from delivery import log
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, running_node
from tests.support.push_service import PushBrowser, PushService, base64url
from tests.support.sessions import browser_session
from tests.support.webhooks import wait_until_stored


@dataclass
class Subscribed:
    """A user's browser with its session, and the id of its subscription."""

    browser: PushBrowser
    session_key: str
    id: int


Subscribe = Callable[..., Subscribed]
NODE = "this"


def stored() -> int:
    """Store the notifications of all messages so far; return how many wait."""
    after = notifications.push_lease(node=NODE)
    assert after is not None
    assert notifications.notifications_store(node=NODE, after=after, upto=log.head()) is not None
    return PushNotification.objects.count()


async def until_empty() -> None:
    """Wait until no notification waits to be sent."""
    await wait_until_stored(lambda: not PushNotification.objects.exists())


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    settings.IM_PUSH_PRIVATE_NETWORKS = ("127.0.0.1/32",)
    settings.IM_PUSH_INTERVAL = 0.01
    settings.IM_PUSH_BACKOFF_SECONDS = 0.01
    monkeypatch.setattr(keys, "_stored_key", "")
    with PushService() as made:
        yield made


@pytest.fixture
def scenario(transactional_db: None) -> GroupScenario:
    made = GroupScenario()
    keys.push_state_ensure()
    return made


@pytest.fixture
def subscribe(service: PushService, scenario: GroupScenario) -> Subscribe:
    """Return a function that subscribes a new browser of a user. Its keywords are choices, by default all personal."""

    def make(user: User, **chosen: bool) -> Subscribed:
        session_key = browser_session(user)
        credential = session_credential(session_key)
        device_create(user=user, kind=Device.Kind.BROWSER, credential=credential, session_key=session_key)
        browser = service.browser(session_key)
        wanted = {"direct": True, "mentions": True, "threads": True, "everything": False, "shows_text": True} | chosen
        stored = push_subscribe(
            user=user,
            credential=credential,
            browser=BrowserKeys(browser.url, browser.p256dh, base64url(browser.auth)),
            choices=Choices(**wanted),
        )
        return Subscribed(browser, session_key, stored.pk)

    return make


@pytest_asyncio.fixture
async def node(service: PushService) -> AsyncIterator[LocalNode]:
    async with running_node() as running:
        yield running
