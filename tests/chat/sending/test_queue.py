"""Drafts are queued together or not at all, and drafts of other threads share commits."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys

import pytest
from pytest_django.fixtures import Settings

from chat.errors import ChatError
from chat.models import Message
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.queue import MAX_INTERVAL_SECONDS, WriteQueue, interval_after, set_queue
from chat.sending.queue_bridge import commit_in_queue
from delivery import publish
from delivery.db.executors import run
from delivery.hub.hub import Hub
from tests.support.in_process import create_global_channel, create_users, draft
from tests.support.waiting import TIMEOUT_SECONDS


async def test_drafts_that_do_not_fit_into_the_queue_are_refused_together(settings: Settings) -> None:
    settings.IM_WRITE_QUEUE_MAX_MESSAGES = 3
    queue = WriteQueue()
    some = [Draft(sender=1, channel=1, text=text) for text in ("one", "two")]
    assert len(queue.submit_all(some)) == 2
    with pytest.raises(ChatError) as refused:
        queue.submit_all(some)
    assert refused.value.data is not None and refused.value.data["retryAfter"]
    assert len(queue.submit_all(some[:1])) == 1


async def test_the_queue_takes_only_so_many_bytes_of_texts_and_of_what_waits_before_it(settings: Settings) -> None:
    settings.IM_WRITE_QUEUE_MAX_BYTES = 1000
    queue = WriteQueue()
    long = Draft(sender=1, channel=1, text="x" * 400)
    queue.submit(long)
    with pytest.raises(ChatError) as refused:
        queue.submit_all([long, long])
    assert refused.value.code.number == 1011
    with queue.holding(400), pytest.raises(ChatError):
        queue.submit(long)
    with pytest.raises(ChatError), queue.holding(600):
        raise AssertionError("taken")
    queue.submit(long)


@pytest.mark.django_db(transaction=True)
async def test_a_committed_or_failed_batch_makes_room(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IM_WRITE_QUEUE_MAX_BYTES = 1000
    (alice,), channel = await asyncio.gather(run(create_users, "alice"), run(create_global_channel))
    queue = WriteQueue()
    publish.configure(Hub())
    queue.start()
    try:
        for text in ("a", "b", "c"):
            assert isinstance(await queue.submit(draft(alice, channel, text * 400)), StoredMessage)
        monkeypatch.setattr("chat.sending.queue.commit", lambda *_: 1 / 0)
        for text in ("d", "e", "f"):
            with pytest.raises(ZeroDivisionError):
                await queue.submit(draft(alice, channel, text * 400))
    finally:
        await queue.stop()
        publish.configure(None)


@pytest.mark.django_db(transaction=True)
async def test_a_text_that_was_encoded_while_it_waited_releases_what_it_held(settings: Settings) -> None:
    """Python keeps the UTF-8 form of a text beside the text."""
    settings.IM_WRITE_QUEUE_MAX_BYTES = 10_000
    (alice,), channel = await asyncio.gather(run(create_users, "alice"), run(create_global_channel))
    queue = WriteQueue()
    publish.configure(Hub())
    text = "画" * 2000
    waiting = queue.submit(draft(alice, channel, text))
    size = sys.getsizeof(text)
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("SELECT ?", (text,))
    assert sys.getsizeof(text) > size
    queue.start()
    try:
        assert isinstance(await waiting, StoredMessage)
    finally:
        await queue.stop()
        publish.configure(None)

    with queue.holding(6000), pytest.raises(ChatError), queue.holding(6000):
        raise AssertionError("taken")


@pytest.mark.parametrize(
    ("messages", "base", "seconds"),
    [(4, 0.008, 0.016), (200, 0.008, MAX_INTERVAL_SECONDS), (200, 0.06, 0.06), (200, 0.0, 0.0)],
)
def test_the_next_batch_comes_later_after_one_with_many_messages(messages: int, base: float, seconds: float) -> None:
    assert interval_after(messages, base) == pytest.approx(seconds)
    assert base <= interval_after(1, base) <= base * 1.25


async def test_a_stopped_queue_refuses_at_once() -> None:
    """A call may get the queue before the node stops it, and submit afterwards."""
    queue = WriteQueue()
    queue.start()
    await queue.stop()
    with pytest.raises(ChatError) as refused:
        queue.submit(Draft(sender=1, channel=1, text="too late"))
    assert refused.value.code.number == 1011


@pytest.mark.django_db(transaction=True)
async def test_a_thread_commits_through_the_queue_and_gets_each_outcome() -> None:
    (alice,), channel = await asyncio.gather(run(create_users, "alice"), run(create_global_channel))
    hub, queue = Hub(), WriteQueue()
    await hub.start()
    queue.start()
    publish.configure(hub)
    set_queue(queue)
    try:
        drafts = [draft(alice, channel, "one"), draft(alice, 999_999, "nowhere"), draft(alice, channel, "two")]
        one, nowhere, two = await asyncio.to_thread(commit_in_queue, drafts)
        assert isinstance(one, StoredMessage) and isinstance(two, StoredMessage)
        assert isinstance(nowhere, ChatError) and nowhere.code.number == 1005
        assert (one.seq, two.seq) == (1, 2)
    finally:
        set_queue(None)
        publish.configure(None)
        await queue.stop()
        await hub.stop()
    assert await run(lambda: list(Message.objects.order_by("seq").values_list("text", flat=True))) == ["one", "two"]


@pytest.mark.django_db(transaction=True)
async def test_commits_wait_for_the_senders_of_the_last_one_only() -> None:
    alice, bob = await run(create_users, "alice", "bob")
    channel = await run(create_global_channel)
    queue = WriteQueue(commit_interval=3600)
    queue.start()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            for _ in range(3):
                await asyncio.gather(*(queue.submit(draft(sender, channel)) for sender in (alice, bob)))
        alone = queue.submit(draft(alice, channel))
        done, _ = await asyncio.wait([alone], timeout=0.1)
        assert not done
        await asyncio.wait_for(queue.submit(draft(bob, channel)), TIMEOUT_SECONDS)
        assert alone.done()
        waits = queue.submit(draft(alice, channel))
    finally:
        await queue.stop()
    assert (await waits).seq == 9


@pytest.mark.django_db(transaction=True)
async def test_a_new_message_is_acknowledged_before_its_push_and_a_retry_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection of the retry gets the push of the first one, and no client expects it after the answer."""
    (alice,), channel = await asyncio.gather(run(create_users, "alice"), run(create_global_channel))
    happened: list[str] = []
    monkeypatch.setattr(publish, "publish_committed", lambda entries: happened.append("push"))
    queue = WriteQueue()
    queue.start()
    drafts = [draft(alice, channel, "hello", client_id="k", origin=origin) for origin in ("phone.1", "laptop.1")]
    futures = queue.submit_all(drafts)
    for future, name in zip(futures, ("new", "retry"), strict=True):
        future.add_done_callback(lambda _, name=name: happened.append(name))
    first, second = await asyncio.gather(*futures)
    await queue.stop()
    assert (first.repeated, second.repeated, first.id) == (False, True, second.id)
    assert happened == ["new", "push", "retry"]
