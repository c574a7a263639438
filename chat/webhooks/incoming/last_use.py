"""Records when each incoming webhook was last used: in batches, so that no caller waits for a second commit."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from chat.models import IncomingWebhook
from delivery import publish
from delivery.db.transactions import write

RESOLUTION = timedelta(minutes=1)
"""Precision of `last_used_at`."""
FLUSH_INTERVAL_SECONDS = 5.0
"""Seconds between writes of collected uses."""

_pending: dict[int, datetime] = {}
"""Webhook id to the time of its last use."""


def record_use(webhook: IncomingWebhook) -> None:
    """Collect the use of a webhook for the next `flush`; write it at once in a process without a node. Thread-safe."""
    now = timezone.now()
    if webhook.last_used_at is None or webhook.last_used_at < now - RESOLUTION:
        _pending[webhook.pk] = now
    if not publish.is_running():
        flush()


def flush() -> None:
    """Write everything collected so far. After a database error it is kept for the next call."""
    # Other threads may add to it meanwhile.
    uses = dict(_pending.popitem() for _ in range(len(_pending)))
    if not uses:
        return
    try:
        with write():
            # A fixed order: two nodes that write the same webhooks must not deadlock.
            for webhook, at in sorted(uses.items()):
                earlier = IncomingWebhook.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=at), pk=webhook)
                earlier.update(last_used_at=at)
    except DatabaseError:
        for webhook, at in uses.items():
            _pending.setdefault(webhook, at)
        raise
