"""Periodic tasks of every node: announcements, expiring mutes and bans, retention and the search index.

Several nodes may run a task at the same time; the actions make sure that its effect happens once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError

from accounts.actions import orphaned_avatars
from chat.actions import last_seen, retention
from chat.actions.account_deletion import finish_interrupted_deletions
from chat.actions.announcement import announcements_send_due
from chat.actions.moderation import restrictions_lift_expired
from chat.search.index import Indexer
from delivery import publish
from delivery.db.executors import run_background

logger = logging.getLogger(__name__)

BREATH = 0.05
"""Seconds between two batches of retention, so that other writes get their turn."""


def begin() -> list[asyncio.Task[None]]:
    """Start all tasks and return them; the node cancels them when it stops."""
    work = (
        ("announcements", settings.IM_ANNOUNCEMENT_INTERVAL, _on_time),
        ("retention", settings.IM_CLEANUP_INTERVAL, _retain),
        ("search", settings.IM_SEARCH_INTERVAL, partial(_index, Indexer())),
        ("deletions", settings.IM_CLEANUP_INTERVAL, _finish_deletions),
    )
    tasks = [asyncio.create_task(_every(pause, name, chore), name=name) for name, pause, chore in work]
    seeing = last_seen.run_flush_loop(lambda: list(publish.hub().connections.values()))
    return [*tasks, asyncio.create_task(seeing, name="last seen")]


async def _every(pause: float, name: str, chore: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await chore()
        except DatabaseError as error:
            logger.warning("periodic_task_failed", extra={"job": name, "error": type(error).__name__})
        except Exception:
            # The loop must survive a task that always fails, and the log must show it.
            logger.exception("periodic_task_error", extra={"job": name})
        await asyncio.sleep(pause)


async def _on_time() -> None:
    await run_background(announcements_send_due)
    await run_background(restrictions_lift_expired)


async def _retain() -> None:
    for channel, before in await run_background(retention.channels_with_expired_messages):
        await _to_its_end(partial(retention.channel_delete_expired, channel_id=channel, before=before))
    await _to_its_end(retention.files_delete_expired)
    await run_background(lambda: orphaned_avatars.avatars_delete(orphaned_avatars.avatars_orphaned()))


async def _index(indexer: Indexer) -> None:
    await _to_its_end(lambda: indexer.advance(publish.hub().watermark))


async def _finish_deletions() -> None:
    await run_background(finish_interrupted_deletions)


async def _to_its_end(batch: Callable[[], int]) -> None:
    while await run_background(batch):  # noqa: ASYNC110  it waits for others, not for something to happen
        await asyncio.sleep(BREATH)
