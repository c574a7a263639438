"""A process starts one node, and stops it after storing all accepted messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings
from django.db import OperationalError

from chat import errors
from chat.actions.channel import channel_create_group
from chat.errors import ChatError
from chat.models import Channel, Message
from chat.node.lifecycle import Node, start_node, stop_node
from chat.sending import queue
from chat.sending.drafts import StoredMessage
from chat.sending.queue import WriteQueue, current_queue
from delivery import log, publish
from delivery.db.executors import run
from tests.support.in_process import create_users, draft, running_node
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def group() -> Channel:
    """Return a group that Alice owns."""
    return await run(lambda: channel_create_group(creator=create_users("alice")[0], name="Painters"))


@pytest_asyncio.fixture
async def lone_queue() -> AsyncIterator[WriteQueue]:
    made = WriteQueue()
    made.start()
    yield made
    await made.stop()


async def test_two_first_connections_start_one_node() -> None:
    first, second = await asyncio.gather(start_node(), start_node())
    assert first is second and publish.hub() is first.hub
    await stop_node()
    assert not publish.is_running()
    with pytest.raises(RuntimeError):
        current_queue()


async def test_a_node_that_could_not_start_starts_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise OperationalError("the database is not there yet")

    with monkeypatch.context() as patch:
        patch.setattr(log, "head", away)
        with pytest.raises(OperationalError):
            await start_node()
    assert isinstance(await start_node(), Node)
    await stop_node()


async def test_accepted_messages_are_stored_before_a_node_stops(group: Channel, settings: Settings) -> None:
    settings.IM_COMMIT_MAX_MESSAGES = 7  # type: ignore[attr-defined]
    alice = await run(lambda: group.memberships.get().user)
    async with running_node() as site:
        futures = [site.node.writer.submit(draft(alice, group, str(number))) for number in range(50)]
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await stop_node()
        assert [future.result().seq for future in futures] == list(range(1, 51))


async def test_sends_that_arrive_together_share_commits_and_keep_their_order(
    group: Channel, lone_queue: WriteQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await run(lambda: group.memberships.get().user)
    sizes: list[int] = []
    commit = queue.commit
    monkeypatch.setattr(
        queue, "commit", lambda drafts, announce: (sizes.append(len(drafts)), commit(drafts, announce))[1]
    )
    stored = await asyncio.gather(*(lone_queue.submit(draft(alice, group, str(number))) for number in range(100)))
    assert [one.seq for one in stored] == list(range(1, 101))
    assert sum(sizes) == 100 and len(sizes) <= 2


async def test_a_cancelled_send_is_stored_like_the_others(group: Channel, lone_queue: WriteQueue) -> None:
    """Its connection has closed: the message is stored all the same, and so are the others."""
    alice = await run(lambda: group.memberships.get().user)
    gone, there = (lone_queue.submit(draft(alice, group, text)) for text in ("gone", "there"))
    gone.cancel()
    assert (await there).seq == 2
    assert await run(lambda: list(Message.objects.order_by("seq").values_list("text", flat=True))) == ["gone", "there"]


async def test_a_fault_reaches_the_caller_and_the_writer_continues(
    group: Channel, lone_queue: WriteQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError("the server closed the connection")

    alice = await run(lambda: group.memberships.get().user)
    with monkeypatch.context() as patch:
        patch.setattr(log, "insert_entries", away)
        with pytest.raises(OperationalError):
            await lone_queue.submit(draft(alice, group))
    assert isinstance(await lone_queue.submit(draft(alice, group)), StoredMessage)


async def test_a_full_queue_refuses_with_a_retry_time(group: Channel, settings: Settings) -> None:
    settings.IM_WRITE_QUEUE_MAX_MESSAGES = 2  # type: ignore[attr-defined]
    alice = await run(lambda: group.memberships.get().user)
    idle = WriteQueue()
    for _ in range(2):
        idle.submit(draft(alice, group))
    with pytest.raises(ChatError) as refusal:
        idle.submit(draft(alice, group))
    assert refusal.value.code is errors.TOO_MUCH and refusal.value.data and refusal.value.data["retryAfter"] > 0
