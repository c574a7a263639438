"""Fixtures for a node in this process and `/ws` clients connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from django.conf import Settings

from accounts.actions import token_issue
from accounts.models import User
from chat.consumers.protobuf_consumer import ProtobufConsumer
from delivery.db.executors import run
from tests.support.group_scenario import POLLS_NEVER, GroupScenario
from tests.support.in_process import LocalNode, LocalSocket, running_node
from tests.support.protobuf_client import ProtobufClient

Open = Callable[..., Awaitable[ProtobufClient]]


@pytest.fixture
async def scenario() -> GroupScenario:
    return await run(GroupScenario)


@pytest.fixture
async def node(scenario: GroupScenario, settings: Settings) -> AsyncIterator[LocalNode]:
    settings.IM_EVENT_LOG_POLL_INTERVAL = POLLS_NEVER  # type: ignore[attr-defined]
    async with running_node() as running:
        yield running


@pytest.fixture
async def enter(node: LocalNode) -> AsyncIterator[Open]:
    """Return a function that opens connections, logged in and synced from `sync` (None: without a Sync)."""
    clients: list[ProtobufClient] = []

    async def open_client(user: User | None, *, sync: int | None = 0, query: str = "") -> ProtobufClient:
        client = ProtobufClient(LocalSocket(query, ProtobufConsumer), user.pk if user else 0)
        clients.append(client)
        if user is not None:
            assert (await client.login(await run(lambda: token_issue(user=user)), sync=sync)).code == 200
        return client

    yield open_client
    for client in clients:
        await client.close()
