"""Delivers webhooks on the node's event loop: each webhook is a cursor on the event log with a task of its own.

New events are read once for all webhooks. A webhook is leased and called only if it subscribes to one of them, so a
slow or failing receiver delays no other webhook.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.db import DatabaseError

from chat.models import Webhook
from chat.webhooks.outgoing import deliveries as writes
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.sender import Progress, Sender
from delivery import log
from delivery.db.executors import run
from delivery.hub.hub import Hub
from delivery.log import EventSummary
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

MAX_SHARED_EVENTS = 1000
"""Events read together for all webhooks. If there are more, each webhook reads its own."""


class Dispatcher:
    """Delivers webhooks from this node. Start it after the hub, on the event loop."""

    def __init__(self, node: str, hub: Hub) -> None:
        self._node = node
        self._sender = Sender(node)
        self._hub = hub
        self._seen = 0
        """The position up to which `_start_due` has read events for all ready webhooks."""
        self._rewinds = hub.rewinds
        self._checked_at = 0.0
        self._ready = False
        """True if a webhook was ready at the last check."""
        self._progress: dict[int, Progress] = {}
        self._working: dict[int, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._seen = self._hub.watermark
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """Cancel running requests and release the leases, so that other nodes send the events at once."""
        tasks = [task for task in (self._task, *self._working.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._task is not None:
            try:
                await run(writes.webhook_leases_release, node=self._node)
            except DatabaseError as error:
                logger.warning("webhook_lease_release_failed", extra={"error": type(error).__name__})

    async def _run(self) -> None:
        while True:
            try:
                await self._start_due()
            except DatabaseError as error:
                logger.warning("webhook_read_failed", extra={"error": type(error).__name__})
                await asyncio.sleep(settings.IM_EVENT_LOG_POLL_INTERVAL)
            except Exception:
                logger.exception("webhook_dispatcher_error")
                await asyncio.sleep(settings.IM_EVENT_LOG_POLL_INTERVAL)
            else:
                log_recovery(logger, "webhook_read_failed")
                log_recovery(logger, "webhook_dispatcher_error")
            await self._wait_for_events()

    async def _wait_for_events(self) -> None:
        """Wait for new events, or until a delivery may be due by time.

        While no webhook is ready for this node, check only every IM_EVENT_LOG_POLL_INTERVAL seconds.
        """
        while True:
            until_check = self._checked_at + settings.IM_EVENT_LOG_POLL_INTERVAL - time.monotonic()
            await asyncio.sleep(settings.IM_WEBHOOK_INTERVAL if self._ready else max(until_check, 0.01))
            if time.monotonic() - self._checked_at >= settings.IM_EVENT_LOG_POLL_INTERVAL:
                return
            if self._ready and self._hub.watermark != self._seen:
                return

    async def _start_due(self) -> None:
        """Start a task for each ready webhook that may subscribe to a new event."""
        before, upto, self._checked_at = self._seen, self._hub.watermark, time.monotonic()
        if self._rewinds != self._hub.rewinds:
            # Go on from the stored positions: later ones are assigned again.
            self._rewinds = self._hub.rewinds
            self._progress.clear()
        ready = await run(hook_selectors.ready_hooks, self._node)
        due_dead_letters = await run(hook_selectors.due_dead_letter_webhooks) if ready else set()
        new_events: list[EventSummary] = []
        if ready and upto > before:
            wanted = hook_selectors.kinds(ready)
            new_events = await run(log.read_summaries, wanted, after=before, upto=upto, limit=MAX_SHARED_EVENTS)
        self._seen, self._ready = upto, bool(ready)
        for webhook in ready:
            progress = self._progress.get(webhook.pk)
            if progress is None or progress.position != webhook.position:
                # New to this process, delivered by another node, or moved by a replay.
                progress = self._progress[webhook.pk] = Progress(webhook.position, webhook.position)
            if webhook.pk in self._working:
                continue
            is_unconcerned = (
                progress.checked_upto >= before
                and len(new_events) < MAX_SHARED_EVENTS
                and not _may_concern(webhook, new_events)
            )
            if is_unconcerned and webhook.pk not in due_dead_letters:
                progress.checked_upto = max(progress.checked_upto, upto)
                continue
            task = asyncio.create_task(self._sender.deliver(webhook, progress), name=f"webhook {webhook.pk}")
            self._working[webhook.pk] = task
            task.add_done_callback(partial(self._forget_task, webhook.pk))

    def _forget_task(self, webhook_id: int, task: asyncio.Task[None]) -> None:
        del self._working[webhook_id]


def _may_concern(webhook: Webhook, new_events: Sequence[EventSummary]) -> bool:
    """Return whether the webhook may subscribe to one of these events."""
    wanted = hook_selectors.kinds([webhook])
    return any(
        event.kind in wanted
        and (event.channel == webhook.channel_id if webhook.channel_id is not None else not event.is_direct)
        for event in new_events
    )
