"""Finds the newest matching rows of the full-text index on PostgreSQL, whose GIN index has no order.

For a word that many messages have, PostgreSQL reads the rows backwards until it has enough matches; for a rare one it
sorts all matches. It cannot tell how often a word and a channel occur together, and so would read millions of rows
backwards for a common word in quiet channels. Such a question is therefore answered in parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Sum

from chat.models import Channel
from delivery.db.replica import read_connection

NEWEST_ROWS = 5_000
"""Rows that are read backwards first, which suffices for words that are common in what is searched."""
QUIET_MESSAGES = 20_000
"""Messages of all searched channels together up to which all of them are read."""


def find(wanted: str, *, channels: tuple[str, Sequence[int]] | None, before: int, limit: int) -> list[int]:
    """Return the greatest `limit` ids below `before` of rows that match the query, in descending order.

    `channels`: that part of the query which names the channels, and their ids; None if it names none.
    """
    newest = _ids("SELECT id FROM chat_search WHERE id < %s ORDER BY id DESC LIMIT 1", [before])
    if not newest:
        return []
    start = newest[0] - NEWEST_ROWS
    # An expression that has no index keeps PostgreSQL from collecting all messages with a common word.
    found = _ids(
        "SELECT id FROM chat_search WHERE (words || '') @@ %s::tsquery AND id < %s AND id > %s"
        " ORDER BY id DESC LIMIT %s",
        [wanted, before, start, limit],
    )
    if len(found) == limit or start <= 0:
        return found
    if channels is not None and _message_count(channels[1]) <= QUIET_MESSAGES:
        # An order that has no index keeps it from reading all rows backwards.
        older = _ids(
            "SELECT id FROM chat_search WHERE words @@ %s::tsquery AND (words || '') @@ %s::tsquery AND id <= %s"
            " ORDER BY -id LIMIT %s",
            [channels[0], wanted, start, limit - len(found)],
        )
    else:
        older = _ids(
            "SELECT id FROM chat_search WHERE words @@ %s::tsquery AND id <= %s ORDER BY id DESC LIMIT %s",
            [wanted, start, limit - len(found)],
        )
    return found + older


def _message_count(channels: Sequence[int]) -> int:
    counted = Channel.objects.filter(pk__in=channels).aggregate(count=Sum(F("last_seq") - F("purged_seq")))
    return counted["count"] or 0


def _ids(sql: str, parameters: list[Any]) -> list[int]:
    with read_connection().cursor() as cursor:
        cursor.execute(sql, parameters)
        return [pk for (pk,) in cursor.fetchall()]
