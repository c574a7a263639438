"""The full-text index: FTS5 on SQLite, a tsvector with GIN on PostgreSQL. Both hold our own words of each message.

It follows the log by a cursor of its own. What it says is a hint: `find` looks at the messages themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from chat.models import Message, SearchCursor
from chat.search.words import Phrase, words
from delivery import log
from delivery.transactions import write

BATCH = 200
"""Events that are looked at in one transaction, for which other writes may have to wait."""
KINDS = ("msg", "message.edited", "message.recalled")
_CURSOR = 1


def index_advance() -> bool:
    """Take in what the log tells since the last time, a batch of it; whether there is more.

    On several nodes at once one does it, the others have nothing to do.
    """
    known = SearchCursor.objects.filter(pk=_CURSOR).values_list("position", flat=True).first()
    if (known or 0) == log.head():
        return False
    with write():
        if known is None:
            SearchCursor.objects.bulk_create([SearchCursor(pk=_CURSOR)], ignore_conflicts=True)
        cursor = SearchCursor.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=_CURSOR).first()
        if cursor is None:
            return False
        head = log.head()
        # Where the head has jumped back, after a restore, everything is read anew.
        after = cursor.position if cursor.position <= head else 0
        told = log.references(KINDS, after=after, upto=head, limit=BATCH)
        _store({ref for _, ref in told})
        more = len(told) == BATCH
        cursor.position = told[-1][0] if more else head
        cursor.save(update_fields=["position"])
    return more


def index_forget(ids: Sequence[int]) -> None:
    """Forget messages that are gone for good, in the transaction in which they go."""
    if ids:
        column = "rowid" if connection.vendor == "sqlite" else "id"
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM chat_search WHERE {column} IN ({_marks(ids)})", list(ids))


def index_find(asked: Sequence[Phrase], *, channels: Iterable[int] | None, before: int | None, limit: int) -> list[int]:
    """Ids of messages that may hold the phrases, the newest first, smaller than `before`.

    In these channels, None: in any.
    """
    where = sorted(channels) if channels is not None else None
    if not asked or where == []:
        return []
    bound = before if before is not None else 2**63 - 1
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT rowid FROM chat_search WHERE chat_search MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s",
                [_fts5(asked, where), bound, limit],
            )
        else:
            cursor.execute(
                "SELECT id FROM chat_search WHERE words @@ %s::tsquery AND id < %s ORDER BY id DESC LIMIT %s",
                [_tsquery(asked, where), bound, limit],
            )
        return [pk for (pk,) in cursor.fetchall()]


def _store(ids: set[int]) -> None:
    """The words of these messages as they are now; recalled ones and pictures have none."""
    # Locked, so that what retention takes away meanwhile is taken away after this, with its words.
    found = Message.objects.select_for_update(no_key=True).filter(pk__in=ids, type="text", recalled_at=None)
    rows = [(pk, channel, words(text)) for pk, channel, text in found.values_list("pk", "channel", "text")]
    index_forget(sorted(ids - {pk for pk, _, _ in rows}))
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(
                "INSERT OR REPLACE INTO chat_search (rowid, words, channel) VALUES (%s, %s, %s)",
                [(pk, " ".join(said), f"c{channel}") for pk, channel, said in rows],
            )
        else:
            values = ", ".join(["(%s, %s::tsvector)"] * len(rows))
            cursor.execute(
                f"INSERT INTO chat_search (id, words) VALUES {values}"
                " ON CONFLICT (id) DO UPDATE SET words = excluded.words",
                [value for pk, channel, said in rows for value in (pk, _tsvector(channel, said))],
            )


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


# Words consist of letters, digits, marks and signs only, so nothing in them means anything to either language.


def _fts5(asked: Sequence[Phrase], channels: Sequence[int] | None) -> str:
    parts = []
    for phrase in asked:
        together = " ".join(phrase.words)
        parts.append(f'"{together}" *' if phrase.begins else f'"{together}"')
    said = f"words : ({' AND '.join(parts)})"
    if channels is None:
        return said
    named = " OR ".join(f"c{channel}" for channel in channels)
    return f"{said} AND channel : ({named})"


def _tsvector(channel: int, said: Sequence[str]) -> str:
    return " ".join([f"'#{channel}'", *(f"'{word}':{place}" for place, word in enumerate(said, 1))])


def _tsquery(asked: Sequence[Phrase], channels: Sequence[int] | None) -> str:
    parts = []
    for phrase in asked:
        *whole, last = (f"'{word}'" for word in phrase.words)
        together = " <-> ".join([*whole, f"{last}:*" if phrase.begins else last])
        parts.append(f"({together})")
    if channels is not None:
        named = " | ".join(f"'#{channel}'" for channel in channels)
        parts.append(f"({named})")
    return " & ".join(parts)
