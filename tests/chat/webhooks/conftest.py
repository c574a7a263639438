"""Fixtures for webhooks: a node that delivers quickly, Alice's group, a global channel, and a receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from django.conf import Settings

from accounts.models import User
from tests.support.in_process import Site, serving
from tests.support.receiver import Receiver
from tests.support.scene import Scene
from tests.support.webhooks import Hooks


@pytest.fixture
def quick(settings: Settings) -> Any:
    """Shorten the webhook intervals from seconds to hundredths."""
    changed: Any = settings
    changed.IM_EVENT_LOG_POLL_INTERVAL = 0.05
    changed.IM_WEBHOOK_INTERVAL = 0.01
    changed.IM_WEBHOOK_BACKOFF_SECONDS, changed.IM_WEBHOOK_BACKOFF_MAX_SECONDS = 0.02, 0.1
    changed.IM_PRESENCE_GRACE_SECONDS = 0.05
    return changed


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    return Scene()


@pytest.fixture
def olga(transactional_db: None) -> User:
    """Return a superuser."""
    return User.objects.create_superuser("olga")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def hooks(olga: User) -> Hooks:
    return Hooks(olga)


@pytest_asyncio.fixture
async def site(quick: Any) -> AsyncIterator[Site]:
    async with serving() as made:
        yield made
