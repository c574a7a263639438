"""Delivers webhooks on the node's event loop: each webhook is a cursor on the event log with a task of its own.

New events are read once for all webhooks. A webhook is leased and called only if it subscribes to one of them, so a
slow or failing receiver delays no other webhook.

If a receiver refuses a request, the next one holds fewer events, until it is accepted or a single event is refused.
If the receiver then accepts the following event, the refused one becomes a dead letter.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from django.conf import settings
from django.db import DatabaseError

from chat.models import Webhook, WebhookDeadLetter
from chat.webhooks.outgoing import dead_letters, payloads, signature
from chat.webhooks.outgoing import deliveries as writes
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.deliveries import RefusedEvent
from chat.webhooks.outgoing.selectors import EventBatch
from delivery import log, metrics
from delivery.db.executors import run
from delivery.hub.hub import Hub
from delivery.log import Entry, EventSummary
from delivery.outbound import http_client
from delivery.outbound.http_client import HttpResult

logger = logging.getLogger(__name__)

_SUCCEEDED, _FAILED = metrics.WEBHOOKS.labels("ok"), metrics.WEBHOOKS.labels("failed")
MAX_SHARED_EVENTS = 1000
"""Events read together for all webhooks. If there are more, each webhook reads its own."""
UNBOUNDED = 1_000_000
MAX_SKIPPED_POSITIONS = 1000
"""Positions that a webhook may skip before its position is stored."""


@dataclass(slots=True)
class _Progress:
    """The progress of this process in delivering the events of one webhook."""

    position: int
    """The position as stored."""
    checked_upto: int
    """The position up to which no further event matches this webhook; at least `position`."""
    batch_size: int = UNBOUNDED
    """Maximum of events in one request: halved after a refusal, doubled after a success."""


WebhookEntry = tuple[Entry, list[dict[str, Any]]]
"""An entry of the event log, and the events that the webhook receives for it (at least one)."""


class Dispatcher:
    """Delivers webhooks from this node. Start it after the hub, on the event loop."""

    def __init__(self, node: str, hub: Hub) -> None:
        self._node = node
        self._hub = hub
        self._seen = 0
        """The position up to which `_start_due` has read events for all ready webhooks."""
        self._checked_at = 0.0
        self._ready = False
        """True if a webhook was ready at the last check."""
        self._progress: dict[int, _Progress] = {}
        self._working: dict[int, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    def start(self) -> None:
        self._seen = self._hub.watermark
        self._client = http_client.open_client()
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """Cancel running requests and release the leases, so that other nodes send the events at once."""
        tasks = [task for task in (self._task, *self._working.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
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
            await self._wait_for_events()

    async def _wait_for_events(self) -> None:
        """Wait for new events, or until a delivery may be due by time.

        While no webhook is ready for this node, check only every IM_EVENT_LOG_POLL_INTERVAL seconds.
        """
        while True:
            await asyncio.sleep(settings.IM_WEBHOOK_INTERVAL)
            if time.monotonic() - self._checked_at >= settings.IM_EVENT_LOG_POLL_INTERVAL:
                return
            if self._ready and self._hub.watermark != self._seen:
                return

    async def _start_due(self) -> None:
        """Start a task for each ready webhook that may subscribe to a new event."""
        before, upto, self._checked_at = self._seen, self._hub.watermark, time.monotonic()
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
                progress = self._progress[webhook.pk] = _Progress(webhook.position, webhook.position)
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
            task = asyncio.create_task(self._deliver(webhook, progress), name=f"webhook {webhook.pk}")
            self._working[webhook.pk] = task
            task.add_done_callback(partial(self._forget_task, webhook.pk))

    def _forget_task(self, webhook_id: int, task: asyncio.Task[None]) -> None:
        del self._working[webhook_id]

    async def _deliver(self, webhook: Webhook, progress: _Progress) -> None:
        """Deliver pending events of one webhook until none are left or an attempt fails."""
        try:
            while await self._send_next(webhook, progress):
                pass
            await self._retry_dead_letters(webhook)
        except DatabaseError as error:
            # The lease expires by itself, and its next holder delivers the same events.
            logger.warning("webhook_state_write_failed", extra={"error": type(error).__name__})
        except Exception:
            logger.exception("webhook_error")

    async def _send_next(self, webhook: Webhook, progress: _Progress) -> bool:
        """Send one request; return whether there may be more to send now. Writes nothing if there was nothing
        to send.
        """
        page = await run(hook_selectors.next_events, webhook, after=progress.checked_upto)
        if page.ended:
            await run(
                writes.webhook_disable_for_reason, webhook=webhook, node=self._node, reason=writes.REASON_ACCESS_LOST
            )
            return False
        if deliverable := _deliverable_events(webhook, page):
            return await self._send(webhook, progress, page, deliverable)
        progress.checked_upto = page.upto
        if page.upto - progress.position >= MAX_SKIPPED_POSITIONS and await run(
            writes.webhook_skip_to, webhook=webhook, node=self._node, upto=page.upto
        ):
            webhook.position = progress.position = page.upto
        return page.more

    async def _send(
        self, webhook: Webhook, progress: _Progress, page: EventBatch, entries: Sequence[WebhookEntry]
    ) -> bool:
        leased = await run(writes.webhook_lease, webhook=webhook, node=self._node)
        if leased is None:
            return False
        part = entries[: progress.batch_size]
        is_whole, is_single = len(part) == len(entries), len(part) == 1
        answer = await self._post(leased, part)
        if not answer.ok and dead_letters.may_be_caused_by_content(answer, leased.failures):
            if not is_single:
                progress.batch_size = len(part) // 2 if dead_letters.is_refusal(answer) else 1
                await run(writes.webhook_record_refusal, webhook=leased, answer=answer, **_attempt_fields(part))
                return True
            if await self._skip_refused(webhook, progress, page, entries, answer):
                return True
        upto, more = (page.upto, page.more) if is_whole else (part[-1][0].position, True)
        moved = await run(
            writes.webhook_record_attempt,
            webhook=leased,
            upto=upto,
            more=more,
            answer=answer,
            refused=RefusedEvent(part[0][0].position, answer)
            if is_single and dead_letters.is_refusal(answer)
            else None,
            **_attempt_fields(part),
        )
        if moved:
            webhook.position = progress.position = progress.checked_upto = upto
            progress.batch_size = min(2 * progress.batch_size, UNBOUNDED)
        return moved and more

    async def _skip_refused(
        self,
        webhook: Webhook,
        progress: _Progress,
        page: EventBatch,
        entries: Sequence[WebhookEntry],
        refusal: HttpResult,
    ) -> bool:
        """Skip the first of the entries if the receiver accepts the next one, which shows that only the first is
        refused.

        Return whether it was skipped. `refusal` is the response to the first entry.
        """
        if len(entries) == 1 and page.more:
            page = await run(hook_selectors.next_events, webhook, after=page.upto)
            entries = [entries[0], *_deliverable_events(webhook, page)]
        if len(entries) == 1 or not await run(dead_letters.has_dead_letter_room, webhook=webhook):
            return False
        leased = await run(writes.webhook_lease, webhook=webhook, node=self._node)
        if leased is None:
            return False
        first, following = entries[0][0], entries[1:2]
        answer = await self._post(leased, following)
        if not answer.ok:
            await run(writes.webhook_record_refusal, webhook=leased, answer=answer, **_attempt_fields(following))
            return False
        await run(writes.webhook_record_refusal, webhook=leased, answer=refusal, **_attempt_fields(entries[:1]))
        upto = following[0][0].position
        moved = await run(
            writes.webhook_record_attempt,
            webhook=leased,
            upto=upto,
            more=True,
            answer=answer,
            refused=RefusedEvent(first.position, refusal),
            **_attempt_fields(following),
        )
        if moved:
            webhook.position = progress.position = progress.checked_upto = upto
        return moved

    async def _retry_dead_letters(self, webhook: Webhook) -> None:
        """Retry due dead letters until one is refused again."""
        was_accepted = True
        while was_accepted and (refused := await run(hook_selectors.next_dead_letter, webhook)) is not None:
            was_accepted = await self._send_again(webhook, refused)

    async def _send_again(self, webhook: Webhook, refused: WebhookDeadLetter) -> bool:
        leased = await run(writes.webhook_lease, webhook=webhook, node=self._node)
        if leased is None:
            return False
        entry = await run(hook_selectors.entry_at, leased, refused.position)
        events = [] if entry is None else payloads.events(leased, entry)
        if entry is None or not events:
            await run(dead_letters.dead_letter_delete, webhook=leased, refused=refused)
            return True
        answer = await self._post(leased, [(entry, [event | {"late": True} for event in events])])
        await run(dead_letters.dead_letter_record_attempt, webhook=leased, refused=refused, answer=answer)
        return answer.ok

    async def _post(self, webhook: Webhook, entries: Sequence[WebhookEntry]) -> HttpResult:
        assert self._client is not None
        answer = await send(
            self._client, webhook, payloads.body(webhook, [event for _, events in entries for event in events])
        )
        (_SUCCEEDED if answer.ok else _FAILED).inc()
        return answer


def _deliverable_events(webhook: Webhook, page: EventBatch) -> list[WebhookEntry]:
    return [(entry, events) for entry in page.entries if (events := payloads.events(webhook, entry))]


def _attempt_fields(part: Sequence[WebhookEntry]) -> dict[str, Any]:
    """Return the arguments of the recording actions that describe the events of an attempt."""
    return {
        "first": part[0][0].position,
        "last": part[-1][0].position,
        "events": sum(len(events) for _, events in part),
    }


def _may_concern(webhook: Webhook, new_events: Sequence[EventSummary]) -> bool:
    """Return whether the webhook may subscribe to one of these events."""
    wanted = hook_selectors.kinds([webhook])
    return any(
        event.kind in wanted
        and (event.channel == webhook.channel_id if webhook.channel_id is not None else not event.is_direct)
        for event in new_events
    )


async def send(client: httpx.AsyncClient, webhook: Webhook, body: bytes) -> HttpResult:
    """POST a signed body to the webhook's URL."""
    signed = signature.headers(webhook.secret, body, time.time())
    headers = {"Content-Type": "application/json", "User-Agent": "imsite-webhook", **signed}
    return await http_client.post(client, webhook.url, body, headers, timeout=settings.IM_WEBHOOK_TIMEOUT)
