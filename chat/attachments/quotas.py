"""Limits of what a user uploads and stores. Unfinished uploads count with the size that they announced."""

from __future__ import annotations

import math

from django.conf import settings
from django.db.models import Case, Min, QuerySet, Sum, When

from chat import reasons
from chat.errors import ChatError
from chat.models import Attachment
from chat.models.attachment import INCOMPLETE
from delivery import log

DAY_MS = 86_400_000
MAX_UNFINISHED = 100
"""Unfinished uploads of a user."""


def require_quota(user_id: int, size: int) -> None:
    """Refuse an upload of `size` bytes that would exceed a quota. The user's row is locked until it is stored.

    Raises ChatError UPLOAD_QUOTA, with `retryAfter` in seconds if waiting helps.
    """
    own = Attachment.objects.filter(uploader=user_id, is_copy=False)
    day = own.filter(created_at__gt=log.now_ms() - DAY_MS)
    limit = settings.IM_UPLOAD_BYTES_PER_DAY
    if limit and size <= limit < size + stored_bytes(day):
        # The earliest upload that counts is the next to be forgotten.
        oldest = day.aggregate(at=Min("created_at"))["at"]
        wait = math.ceil((oldest + DAY_MS - log.now_ms()) / 1000)
        raise ChatError(reasons.UPLOAD_QUOTA, limit=limit, retryAfter=max(1, wait))
    if limit and size > limit:
        raise ChatError(reasons.UPLOAD_QUOTA, limit=limit)
    if day.filter(state__in=INCOMPLETE).count() >= MAX_UNFINISHED:
        raise ChatError(reasons.UPLOAD_QUOTA, limit=MAX_UNFINISHED)
    limit = settings.IM_STORAGE_BYTES_PER_USER
    if limit and stored_bytes(own.exclude(state=Attachment.State.REMOVED)) + size > limit:
        raise ChatError(reasons.UPLOAD_QUOTA, limit=limit)


def stored_bytes(rows: QuerySet[Attachment]) -> int:
    """Return the bytes of these files, of which forwarded ones share the stored file with the first one."""
    content = Case(When(file="", then="key"), default="file")
    stored = rows.order_by().annotate(content=content).values("content", "size").distinct()
    return int(stored.aggregate(total=Sum("size"))["total"] or 0)
