"""Fixtures: a node in this process, and calls of polling clients to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from delivery.db.executors import run
from imsite.server.polling import Polling
from tests.support.in_process import LocalNode, create_global_channel, running_node
from tests.support.polling import PollingCaller, Post, in_process


async def _django(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def node(settings: Any) -> AsyncIterator[LocalNode]:
    settings.IM_POLLING_INTERVAL = 0.0
    await run(create_global_channel)
    async with running_node() as running:
        yield running


@pytest.fixture
def application() -> Polling:
    """Return the application that answers the calls. Behind it, any request is answered 299."""
    return Polling(_django)


@pytest.fixture
def post(application: Polling) -> Post:
    return in_process(application)


@pytest.fixture
async def caller(node: LocalNode, post: Post) -> PollingCaller:
    """Return a caller with an open connection that has not logged in."""
    made = PollingCaller(post)
    assert (await made.open())[0] == 200
    return made
