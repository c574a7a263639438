"""A node runs periodic tasks for retention and announcements, and a failure does not end them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from django.db import OperationalError

from accounts.actions import app_create
from accounts.models import User
from chat.actions.announcement import announcement_create
from chat.actions.channel_settings import channel_set_retention
from chat.models import Announcement, Message
from chat.node import periodic_tasks
from delivery.db.executors import run
from tests.support.in_process import create_global_channel, create_users, running_node, say
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


async def wait_until_true(condition: Callable[[], bool]) -> None:
    """Wait until the query of the database is true."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await run(condition):  # noqa: ASYNC110  nothing announces it
            await asyncio.sleep(0.01)


async def test_a_node_deletes_expired_messages_in_batches(settings: object) -> None:
    settings.IM_RETENTION_BATCH_MESSAGES = 2  # type: ignore[attr-defined]

    def old_messages() -> None:
        (alice,) = create_users("alice")
        here = create_global_channel()
        for _ in range(5):
            say(alice, here)
        Message.objects.update(time=0)
        say(alice, here, "young")
        channel_set_retention(channel_id=here.pk, days=7)

    await run(old_messages)
    async with running_node():
        await wait_until_true(lambda: list(Message.objects.values_list("text", flat=True)) == ["young"])


async def test_a_node_sends_due_announcements(settings: object) -> None:
    settings.IM_ANNOUNCEMENT_INTERVAL = 0.05  # type: ignore[attr-defined]
    (alice,) = await run(create_users, "alice")
    await run(lambda: app_create(number=101, name="Web"))
    async with running_node() as site:
        client = await site.connect(alice)
        await run(lambda: announcement_create(by=User.objects.get(), text="Down at noon"))
        assert (await client.push("msg", msg="Down at noon")).data["from"] == "system"
        await wait_until_true(lambda: Announcement.objects.exclude(sent_at=None).exists())


async def test_a_failed_periodic_task_is_retried(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    failures = [OperationalError("away"), ValueError("a fault")]

    async def chore() -> None:
        if failures:
            raise failures.pop(0)
        done.set()

    with caplog.at_level(logging.WARNING, logger="chat.node.periodic_tasks"):
        task = asyncio.create_task(periodic_tasks._run_every(0, "test", chore))
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await done.wait()
        task.cancel()
    failed, ended = caplog.records[:2], caplog.records[2:]
    assert [record.message for record in failed] == ["periodic_task_failed", "periodic_task_error"]
    assert [(record.message, vars(record)["outage"]) for record in ended] == [
        ("outage_over", "periodic_task_failed"),
        ("outage_over", "periodic_task_error"),
    ]
