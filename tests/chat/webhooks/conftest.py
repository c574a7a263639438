"""Fixtures for webhooks: a node that delivers quickly, Alice's group, a global channel, and a receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from django.conf import Settings

from accounts.models import User
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, running_node
from tests.support.receiver import Receiver
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.webhooks import WebhookFactory


@pytest.fixture
def quick(settings: Settings) -> Any:
    """Shorten the webhook intervals from seconds to hundredths."""
    changed: Any = settings
    changed.IM_EVENT_LOG_POLL_INTERVAL = 0.05
    changed.IM_WEBHOOK_INTERVAL = 0.01
    changed.IM_WEBHOOK_BACKOFF_SECONDS, changed.IM_WEBHOOK_BACKOFF_MAX_SECONDS = 0.02, 0.1
    changed.IM_PRESENCE_GRACE_SECONDS = 0.05
    changed.IM_WEBHOOK_TIMEOUT = TIMEOUT_SECONDS
    return changed


@pytest.fixture
def scenario(transactional_db: None) -> GroupScenario:
    return GroupScenario()


@pytest.fixture
def olga(transactional_db: None) -> User:
    """Return a superuser."""
    return User.objects.create_superuser("olga")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def hooks(olga: User) -> WebhookFactory:
    return WebhookFactory(olga)


@pytest_asyncio.fixture
async def node(quick: Any) -> AsyncIterator[LocalNode]:
    async with running_node() as made:
        yield made
