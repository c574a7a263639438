"""Sends due mails, one after the other, on the node that has the lease of the notifications."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from django.db import DatabaseError

from chat.mail_digest import due, results
from chat.mail_digest.actions import is_offered
from delivery.db.executors import run
from delivery.hub.hub import Hub
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

USERS_PER_LOOK = 20
STOP_SECONDS = 1.0
"""Seconds for which a stopping node waits for a mail: a mail server that does not answer must not hold it up."""


class DigestSender:
    """Sends the mails that are due. The dispatcher of `chat.push` calls it while its node has the lease."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    def send_due(self) -> None:
        """Begin to send what is due, unless that is under way. Never waits."""
        if is_offered() and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._send_due(), name="mail digest")

    async def stop(self) -> None:
        """Wait a moment for the mail that is being sent: it counts as sent already."""
        self._is_stopping = True
        if self._task is not None:
            _, waiting = await asyncio.wait((self._task,), timeout=STOP_SECONDS)
            for task in waiting:
                task.cancel()

    async def _send_due(self) -> None:
        try:
            user_ids = await run(due.due_digests, limit=USERS_PER_LOOK)
            if not user_ids:
                return
            active = await self._hub.activity.filter_active(user_ids)
            # A page that was closed may have had no time to say so.
            active = await self._hub.presence.filter_online(list(active)) if active else active
            for user_id in user_ids:
                if self._is_stopping:
                    return
                await self._send(user_id, active)
        except DatabaseError as error:
            logger.warning("mail_digest_read_failed", extra={"error": type(error).__name__})
        except Exception:
            logger.exception("mail_digest_error")
        else:
            log_recovery(logger, "mail_digest_read_failed")

    async def _send(self, user_id: int, active: Collection[int]) -> None:
        try:
            claimed = await run(due.digest_claim, user_id, active=active)
            if claimed is not None:
                error = await asyncio.to_thread(results.send, claimed.message)
                await run(results.record, claimed, error)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("mail_digest_error")
            # Otherwise all others would wait behind this user.
            await run(due.digest_postpone, user_id)
        else:
            log_recovery(logger, "mail_digest_error")
