"""Periodic tasks of every node: announcements, scheduled messages, expiring mutes and bans, retention, partitions
and search.

Several nodes may run a task at the same time; the actions ensure that it has its effect once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError

from accounts.actions import orphaned_avatars
from accounts.errors import LdapUnavailable
from chat.actions import attachment_cleanup, last_seen, link_preview, retention, upload_completion
from chat.actions.account_deletion import finish_interrupted_deletions
from chat.actions.announcement import announcements_send_due
from chat.actions.moderation import restrictions_lift_expired
from chat.actions.scheduled_sending import scheduled_send_due
from chat.models.partitions import LARGE_TABLES
from chat.search.index import Indexer
from chat.webhooks.incoming import last_use
from delivery import publish
from delivery.db.executors import run_background, run_processing
from delivery.db.partitioning.upkeep import maintain
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

PAUSE_BETWEEN_BATCHES_SECONDS = 0.05
"""Seconds between two batches of retention, so that other writes can commit in between."""

HELD_UPLOADS_INTERVAL_SECONDS = 30.0


def start_periodic_tasks() -> list[asyncio.Task[None]]:
    """Start all tasks and return them; the node cancels them when it stops."""
    work: list[tuple[str, float, Callable[[], Awaitable[None]]]] = [
        ("announcements", settings.IM_ANNOUNCEMENT_INTERVAL, _send_announcements_and_lift_restrictions),
        ("scheduled messages", settings.IM_SCHEDULED_INTERVAL, _send_scheduled),
        ("retention", settings.IM_CLEANUP_INTERVAL, _apply_retention),
        ("attachments", settings.IM_CLEANUP_INTERVAL, _clean_up_attachments),
        ("held uploads", HELD_UPLOADS_INTERVAL_SECONDS, _complete_held_uploads),
        ("search", settings.IM_SEARCH_INTERVAL, partial(_update_search_index, Indexer())),
        ("deletions", settings.IM_CLEANUP_INTERVAL, _finish_deletions),
        ("partitions", settings.IM_CLEANUP_INTERVAL, _maintain_partitions),
        ("incoming webhooks", last_use.FLUSH_INTERVAL_SECONDS, _record_webhook_use),
    ]
    if settings.IM_LDAP_URI and settings.IM_LDAP_SYNC_INTERVAL:
        work.append(("LDAP", settings.IM_LDAP_SYNC_INTERVAL, _sync_ldap))
    tasks = [asyncio.create_task(_run_every(pause, name, task), name=name) for name, pause, task in work]
    last_seen_loop = last_seen.run_flush_loop(lambda: list(publish.hub().connections.values()))
    return [*tasks, asyncio.create_task(last_seen_loop, name="last seen")]


async def _run_every(pause: float, name: str, task: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await task()
        except (DatabaseError, OSError, LdapUnavailable) as error:
            # The database, the storage of files or the directory does not answer.
            logger.warning("periodic_task_failed", extra={"job": name, "error": type(error).__name__})
        except Exception:
            # The loop must survive a task that always fails, and the log must show it.
            logger.exception("periodic_task_error", extra={"job": name})
        else:
            log_recovery(logger, "periodic_task_failed", job=name)
            log_recovery(logger, "periodic_task_error", job=name)
        await asyncio.sleep(pause)


async def _send_announcements_and_lift_restrictions() -> None:
    await run_background(announcements_send_due)
    await run_background(restrictions_lift_expired)


async def _send_scheduled() -> None:
    await _run_until_done(scheduled_send_due)


async def _apply_retention() -> None:
    for channel, before in await run_background(retention.channels_with_expired_messages):
        await _run_until_done(partial(retention.channel_delete_expired, channel_id=channel, before=before))
    await _run_until_done(retention.files_delete_expired)
    await run_background(lambda: orphaned_avatars.avatars_delete(orphaned_avatars.avatars_orphaned()))


async def _clean_up_attachments() -> None:
    await _run_until_done(attachment_cleanup.uploads_expire)
    await _run_until_done(attachment_cleanup.removed_attachments_delete)
    await run_background(attachment_cleanup.leftovers_delete)
    await _run_until_done(link_preview.unused_previews_delete)
    await run_background(attachment_cleanup.metrics_update)


async def _complete_held_uploads() -> None:
    if settings.IM_SCANNER:
        # Not in the background thread, which a large file would occupy for minutes.
        await run_processing(upload_completion.uploads_complete_held)


async def _update_search_index(indexer: Indexer) -> None:
    if not indexer.is_at(publish.hub().watermark):
        await _run_until_done(lambda: indexer.advance(publish.hub().watermark))


async def _finish_deletions() -> None:
    await run_background(finish_interrupted_deletions)


async def _maintain_partitions() -> None:
    for table in LARGE_TABLES:
        await run_background(partial(maintain, table))


async def _sync_ldap() -> None:
    from accounts.ldap.sync import sync  # It loads an extra, which other sites do without.

    # Not in the background thread, which a directory that does not answer would hold up.
    await run_processing(sync)


async def _record_webhook_use() -> None:
    await run_background(last_use.flush)


async def _run_until_done(batch: Callable[[], int]) -> None:
    while await run_background(batch):  # noqa: ASYNC110  it waits for others, not for something to happen
        await asyncio.sleep(PAUSE_BETWEEN_BATCHES_SECONDS)
