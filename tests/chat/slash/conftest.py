"""Fixtures for slash commands: a node in this process, Alice's group, and a service that answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, running_node
from tests.support.slash import SlashService
from tests.support.waiting import TIMEOUT_SECONDS


@pytest.fixture
def scenario(transactional_db: None) -> GroupScenario:
    return GroupScenario()


@pytest.fixture
def service() -> Iterator[SlashService]:
    with SlashService() as made:
        yield made


@pytest_asyncio.fixture
async def node(scenario: GroupScenario, settings: Settings) -> AsyncIterator[LocalNode]:
    settings.IM_SLASH_TIMEOUT = TIMEOUT_SECONDS
    async with running_node() as made:
        yield made
