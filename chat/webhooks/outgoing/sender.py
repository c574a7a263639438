"""Sends the events of one webhook, until none are left or a request fails.

If a receiver refuses a request, the next one holds fewer events, until it is accepted or a single event is refused.
If the receiver then accepts the following event, the refused one becomes a dead letter.

A receiver that is slow or busy gets no other request at once: each repeat waits longer. If a single event fails like
this, a `ping` precedes its next attempt. If the receiver answers the ping in time, and the event fails again, the event
becomes a dead letter.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from chat.models import Webhook, WebhookDeadLetter
from chat.webhooks.outgoing import dead_letters, payloads, request
from chat.webhooks.outgoing import deliveries as writes
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.deliveries import RefusedEvent
from chat.webhooks.outgoing.selectors import EventBatch
from delivery import log, metrics
from delivery.db.executors import run
from delivery.log import Entry
from delivery.log_throttle import log_recovery
from delivery.outbound.http_client import HttpResult

logger = logging.getLogger(__name__)

_SUCCEEDED, _FAILED = metrics.WEBHOOKS.labels("ok"), metrics.WEBHOOKS.labels("failed")
UNBOUNDED = 1_000_000
MAX_SKIPPED_POSITIONS = 1000
"""Positions that a webhook may skip before its position is stored."""


@dataclass(slots=True)
class Progress:
    """The progress of this process in delivering the events of one webhook."""

    position: int
    """The position as stored."""
    checked_upto: int
    """The position up to which no further event matches this webhook; at least `position`."""
    batch_size: int = UNBOUNDED
    """Maximum of events in one request: halved after a refusal, doubled after a success."""
    suspect: int | None = None
    """The position of an event that alone was not answered in time, maybe because of its content."""


WebhookEntry = tuple[Entry, list[dict[str, Any]]]
"""An entry of the event log, and the events that the webhook receives for it (at least one)."""


class Sender:
    """Sends for one node, which leases a webhook for each request."""

    def __init__(self, node: str) -> None:
        self._node = node

    async def deliver(self, webhook: Webhook, progress: Progress) -> None:
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
        else:
            log_recovery(logger, "webhook_state_write_failed")

    async def _send_next(self, webhook: Webhook, progress: Progress) -> bool:
        """Send one request; return whether there may be more to send now.

        Writes nothing if there was nothing to send.
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
        self, webhook: Webhook, progress: Progress, page: EventBatch, entries: Sequence[WebhookEntry]
    ) -> bool:
        first = entries[0][0].position
        is_suspect = progress.suspect == first
        if is_suspect and not await self._is_answering(webhook, entries[:1]):
            return False
        leased = await run(writes.webhook_lease, webhook=webhook, node=self._node)
        if leased is None:
            return False
        part = entries[: 1 if is_suspect else progress.batch_size]
        is_whole, is_single = len(part) == len(entries), len(part) == 1
        answer = await self._post(leased, part)
        is_refusal = dead_letters.is_refusal(answer)
        progress.suspect = None
        if not answer.ok and dead_letters.may_be_caused_by_content(answer, leased.failures):
            if not is_single:
                progress.batch_size = len(part) // 2 if is_refusal else 1
            if dead_letters.needs_pause(answer):
                if is_suspect and await run(dead_letters.has_dead_letter_room, webhook=webhook):
                    return await self._set_aside(webhook, leased, progress, part, answer)
                progress.suspect = first if is_single else None
            elif not is_single:
                await run(writes.webhook_record_refusal, webhook=leased, answer=answer, **_attempt_fields(part))
                return True
            elif await self._skip_refused(webhook, progress, page, entries, answer):
                return True
        upto, more = (page.upto, page.more) if is_whole else (part[-1][0].position, True)
        moved = await run(
            writes.webhook_record_attempt,
            webhook=leased,
            upto=upto,
            more=more,
            answer=answer,
            refused=RefusedEvent(part[0][0].position, answer) if is_single and is_refusal else None,
            **_attempt_fields(part),
        )
        if moved:
            webhook.position = progress.position = progress.checked_upto = upto
            progress.batch_size = min(2 * progress.batch_size, UNBOUNDED)
        return moved and more

    async def _is_answering(self, webhook: Webhook, suspect: Sequence[WebhookEntry]) -> bool:
        """Return whether the receiver answers a `ping`. If not, that counts as a failed attempt of the event."""
        leased = await run(writes.webhook_lease, webhook=webhook, node=self._node)
        if leased is None:
            return False
        answer = await request.send(leased, payloads.ping_body(leased, log.now_ms()))
        if answer.ok or not dead_letters.needs_pause(answer):
            return True
        fields = _attempt_fields(suspect)
        await run(
            writes.webhook_record_attempt, webhook=leased, upto=fields["last"], more=True, answer=answer, **fields
        )
        return False

    async def _set_aside(
        self, webhook: Webhook, leased: Webhook, progress: Progress, part: Sequence[WebhookEntry], answer: HttpResult
    ) -> bool:
        """Make an event a dead letter that fails although the receiver answers. The next attempt follows a pause."""
        if await run(writes.webhook_set_aside, webhook=leased, answer=answer, **_attempt_fields(part)):
            webhook.position = progress.position = progress.checked_upto = part[0][0].position
        return False

    async def _skip_refused(
        self,
        webhook: Webhook,
        progress: Progress,
        page: EventBatch,
        entries: Sequence[WebhookEntry],
        refusal: HttpResult,
    ) -> bool:
        """Skip the first of the entries if the receiver accepts the next one: only the first is refused then.

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
        body = payloads.body(webhook, [event for _, events in entries for event in events])
        answer = await request.send(webhook, body)
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
