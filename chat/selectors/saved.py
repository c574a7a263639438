"""The messages that a user has saved."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from chat.models import Message, SavedMessage

MAX_CANDIDATES = 1000
"""Saved messages that are looked at for one page; the next page continues from there."""


def saved_messages(
    user: User, readable: QuerySet[Message], *, before: int | None, limit: int
) -> tuple[list[SavedMessage], int | None]:
    """Return a page of those saved messages that are among the readable ones, the last saved one first.

    A recalled one is never shown. `before`: only rows with smaller ids. Also return the id to continue from, or None at
    the end.
    """
    candidates = list(_saved_by(user, before).values_list("pk", "message")[:MAX_CANDIDATES])
    shown = set(
        readable.filter(pk__in=[message_id for _, message_id in candidates], recalled_at=None).values_list(
            "pk", flat=True
        )
    )
    found = [pk for pk, message_id in candidates if message_id in shown]
    rows = SavedMessage.objects.filter(pk__in=found[:limit]).select_related("message__sender", "message__recalled_by")
    page = list(rows.order_by("-pk"))
    if len(found) > limit:
        return page, found[limit - 1]
    return page, candidates[-1][0] if len(candidates) == MAX_CANDIDATES else None


def saved_ids(user: User, *, before: int | None) -> tuple[list[int], int | None]:
    """Return the ids of the messages that the user has saved, the last saved one first, whether readable or not.

    Also return the row id to continue from, or None at the end.
    """
    rows = list(_saved_by(user, before).values_list("pk", "message")[:MAX_CANDIDATES])
    return [message_id for _, message_id in rows], rows[-1][0] if len(rows) == MAX_CANDIDATES else None


def _saved_by(user: User, before: int | None) -> QuerySet[SavedMessage]:
    rows = SavedMessage.objects.filter(user=user).order_by("-pk")
    return rows if before is None else rows.filter(pk__lt=before)
