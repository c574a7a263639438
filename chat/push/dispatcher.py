"""Sends notifications on one node of the site at a time, which holds a lease.

It follows the event log with a cursor of its own, in the background, so that no message waits for it. Notifications are
stored with the cursor and deleted once their push service has answered: after a crash some are sent twice, and none is
lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError

from chat.mail_digest.actions import is_offered
from chat.mail_digest.sender import DigestSender
from chat.models import PushNotification
from chat.push import keys, notifications, results
from chat.push.preparation import prepare
from chat.push.request import PushRequest, send
from delivery import log, metrics
from delivery.db.executors import run
from delivery.hub.hub import Hub
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

MAX_UNSTORED_POSITIONS = 1000
"""Positions without notifications by which the stored cursor may be behind."""
IDLE_INTERVALS = 5
"""Intervals between looks while no browser has subscribed, so that sites without notifications spend little on them."""
_FAULTS = ("push_read_failed", "push_dispatcher_error")


class PushDispatcher:
    """Sends the notifications of the site, if this node has the lease. Start it after the hub, on the event loop."""

    def __init__(self, node: str, hub: Hub) -> None:
        self._node = node
        self._hub = hub
        self._position: int | None = None
        """The position up to which messages were looked at; None without the lease."""
        self._stored_position = 0
        self._rewinds = hub.rewinds
        self._renew_at = 0.0
        self._has_key = False
        self._is_idle = True
        """True while no browser has subscribed."""
        self._sending: dict[int, asyncio.Task[None]] = {}
        """Requests that are under way, by subscription: one for each, so that a slow service delays only its own."""
        self._mails = DigestSender(hub)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if settings.IM_PUSH or is_offered():
            self._task = asyncio.create_task(self._run(), name="push")

    async def stop(self) -> None:
        """Cancel running requests and release the lease, so that another node sends the notifications at once."""
        tasks = [task for task in (self._task, *self._sending.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._mails.stop()
        if self._position is not None:
            try:
                await run(notifications.push_release, node=self._node, position=self._position)
            except DatabaseError as error:
                logger.warning("push_lease_release_failed", extra={"error": type(error).__name__})
        self._position = None

    async def _run(self) -> None:
        while True:
            is_behind = False
            try:
                is_behind = await self._advance()
            except DatabaseError as error:
                logger.warning("push_read_failed", extra={"error": type(error).__name__})
            except Exception:
                logger.exception("push_dispatcher_error")
            else:
                for event in _FAULTS:
                    log_recovery(logger, event)
            if is_behind and self._sending:
                sending = list(self._sending.values())
                await asyncio.wait(sending, timeout=settings.IM_PUSH_INTERVAL, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(settings.IM_PUSH_INTERVAL * (IDLE_INTERVALS if self._is_idle else 1))

    async def _advance(self) -> bool:
        """Look at new messages, and send what is due; return whether more is due than may be sent at a time."""
        if not self._has_key:
            await run(keys.push_state_ensure)
            self._has_key = True
        if self._rewinds != self._hub.rewinds:
            # Go on from the stored position: later ones are assigned again.
            self._rewinds, self._position, self._renew_at = self._hub.rewinds, None, 0.0
        first = await run(notifications.first_position)
        self._is_idle = first is None
        if first is None or not await self._has_lease():
            metrics.PUSH_QUEUE_SECONDS.set(0)
            return False
        await self._look(first)
        if self._position is None:
            return False
        self._mails.send_due()
        return await self._send_due() if settings.IM_PUSH else False

    async def _has_lease(self) -> bool:
        if time.monotonic() < self._renew_at:
            return self._position is not None
        # A node without it asks as often.
        self._renew_at = time.monotonic() + settings.IM_PUSH_LEASE_SECONDS / 3
        stored = await run(notifications.push_lease, node=self._node)
        if stored is None:
            self._position = None
            return False
        # Meanwhile another node may have had the lease.
        self._position, self._stored_position = max(self._position or 0, stored), stored
        return True

    async def _look(self, first: int) -> None:
        """Store the notifications of messages up to the hub's position."""
        while self._position is not None:
            upto = self._hub.watermark
            after = max(self._position, first)
            if after >= upto:
                return
            found = await run(notifications.notifications_store, node=self._node, after=after, upto=upto)
            if found is None:
                self._position = None
                return
            self._position, has_stored = found
            if has_stored:
                self._stored_position = self._position
            elif self._position - self._stored_position >= MAX_UNSTORED_POSITIONS:
                await run(notifications.position_store, node=self._node, position=self._position)
                self._stored_position = self._position

    async def _send_due(self) -> bool:
        """Begin to send due notifications; return whether more may be due and must wait for these."""
        oldest = now = log.now_ms()
        has_more = True
        must_wait = False
        while has_more and (room := settings.IM_PUSH_CONCURRENCY - len(self._sending)) > 0:
            rows = await run(notifications.due_notifications, limit=room, without=list(self._sending))
            first_of_each = {row.subscription_id: row for row in reversed(rows)}
            has_more, must_wait = len(rows) == room, must_wait or len(first_of_each) < len(rows)
            oldest = min([oldest, *(row.created_at for row in rows)])
            await self._begin(list(first_of_each.values()))
        metrics.PUSH_QUEUE_SECONDS.set((now - oldest) / 1000)
        return has_more or must_wait

    async def _begin(self, rows: Sequence[PushNotification]) -> None:
        """Begin to send those of these notifications, of different subscriptions, that are to be sent now."""
        active = await self._hub.activity.filter_active({row.subscription.user_id for row in rows})
        # A page that was closed may have had no time to say so.
        active = await self._hub.presence.filter_online(list(active)) if active else active
        prepared = await run(prepare, rows, active)
        for subscription in prepared.ended:
            await run(notifications.subscription_delete, subscription=subscription)
        results.ENDED.inc(len(prepared.ended))
        if prepared.drop:
            await run(notifications.notifications_drop, rows=prepared.drop)
        if prepared.defer:
            await run(notifications.notifications_defer, rows=prepared.defer)
        for row, request in prepared.requests:
            task = asyncio.create_task(self._send(row, request), name=f"push {row.pk}")
            self._sending[row.subscription_id] = task

    async def _send(self, row: PushNotification, request: PushRequest) -> None:
        try:
            answer = await send(request)
            await run(results.record, row, request, answer)
        except DatabaseError as error:
            # It is still stored, so it is sent again.
            logger.warning("push_result_write_failed", extra={"error": type(error).__name__})
        except Exception:
            logger.exception("push_error")
            # Otherwise it would be sent again and again.
            await run(notifications.notifications_drop, rows=[row])
        else:
            log_recovery(logger, "push_result_write_failed")
        finally:
            del self._sending[row.subscription_id]
