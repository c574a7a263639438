"""The full-text index: FTS5 on SQLite, a tsvector with GIN on PostgreSQL, both over words from `tokenizer`.

It follows the event log with its own cursor. Its results are candidates, which `queries` checks against the messages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, Protocol

from django.db import connection
from django.db.models import QuerySet

from chat import rules
from chat.models import Message, SearchCursor
from chat.search import postgres
from chat.search.tokenizer import Phrase, tokenize
from chat.wire.schema.events import EVENTS
from delivery import log
from delivery.db.bulk import execute_batch, parts, placeholders
from delivery.db.prepared import PreparedQuery
from delivery.db.replica import read_connection
from delivery.db.transactions import write

MAX_EVENTS_PER_BATCH = 500
"""Events indexed in one transaction. Kept small, because other writes may wait for the transaction."""
MAX_CHARACTERS_PER_BATCH = 32_768
"""Characters indexed in one transaction; further messages follow in the next one."""
_CURSOR = 1
_LINK = re.compile(r"(?<![a-z0-9])https?://\w", re.IGNORECASE)
_INDEXED_KINDS = tuple(kind.name for kind in EVENTS.values() if kind.is_indexed)


class Indexer:
    """Indexes new events. One node at a time: a node that finds the cursor moved by another skips its turn."""

    def __init__(self) -> None:
        self._left: int | None = None
        """The cursor's position when this node last read it; None before that."""

    def is_at(self, head: int) -> bool:
        """Return whether everything up to `head` is known to be indexed."""
        return head in (0, self._left)

    def advance(self, head: int) -> bool:
        """Index a batch of events up to position `head`, unless another node does; return whether there are more.

        Makes no query if `is_at(head)`.
        """
        if self.is_at(head):
            return False
        known = _cursor_position()
        if self._left is not None and known != self._left:
            self._left = known
            return False
        self._left, more = _advance(known)
        return more


def index_advance() -> bool:
    """Index a batch of events; return whether there are more."""
    return _advance(_cursor_position())[1]


def _cursor_position() -> int | None:
    return SearchCursor.objects.filter(pk=_CURSOR).values_list("position", flat=True).first()


def _advance(known: int | None) -> tuple[int | None, bool]:
    """Return the cursor's position after a batch, and whether there are more events.

    `known`: the position where this node expects the cursor. If another node has moved it, nothing is indexed.
    """
    head = log.head()
    if (known or 0) == head:
        return known, False
    # After a restore the head may have gone back; then everything is indexed again.
    after = known if known is not None and known <= head else 0
    references = log.read_refs(_INDEXED_KINDS, after=after, upto=head, limit=MAX_EVENTS_PER_BATCH)
    # Tokenizing is slow, so it happens before the lock. A later edit comes as an event of its own.
    texts = {
        pk: (_labels(channel, sender, type, text, attachments), searched_text(type, text, attachments))
        for pk, channel, sender, type, text, attachments in _select(_TEXTS, {ref for _, ref in references})
    }
    fitting = _count_fitting([len(texts[ref][1]) if ref in texts else 0 for _, ref in references])
    more = fitting < len(references) or len(references) == MAX_EVENTS_PER_BATCH
    references = references[:fitting]
    ids = {ref for _, ref in references}
    rows = [(pk, labels, tokenize(text)) for pk, (labels, text) in texts.items() if pk in ids]
    with write():
        if known is None:
            SearchCursor.objects.bulk_create([SearchCursor(pk=_CURSOR)], ignore_conflicts=True)
        cursors = SearchCursor.objects.select_for_update(skip_locked=True, no_key=True)
        cursor = cursors.filter(pk=_CURSOR, position=known or 0).first()
        if cursor is None:
            return known, False
        # Locked, so that retention deletes a message and its words only after they have been indexed.
        remaining = {pk for (pk,) in _select(_LOCKED, ids)}
        index_forget(sorted(ids - remaining))
        _store([row for row in rows if row[0] in remaining])
        cursor.position = references[-1][0] if more else head
        cursor.save(update_fields=["position"])
    return cursor.position, more


class IndexedMessage(Protocol):
    """The values of a message that the index contains."""

    @property
    def pk(self) -> int: ...
    @property
    def channel_id(self) -> int: ...
    @property
    def sender_id(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def attachments(self) -> list[dict[str, Any]] | None: ...


def index_update(rows: Iterable[IndexedMessage]) -> None:
    """Index the present texts of messages whose change is no event, in the transaction that changes them."""
    _store(
        [
            (
                row.pk,
                _labels(row.channel_id, row.sender_id, row.type, row.text, row.attachments),
                tokenize(searched_text(row.type, row.text, row.attachments)),
            )
            for row in rows
        ]
    )


def index_forget(ids: Sequence[int]) -> None:
    """Remove deleted messages from the index, in the transaction that deletes them."""
    if ids:
        column = "rowid" if connection.vendor == "sqlite" else "id"
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM chat_search WHERE {column} IN ({_placeholders(ids)})", list(ids))


def index_find(
    query: Sequence[Phrase],
    *,
    channels: Collection[int] | None,
    before: int | None,
    limit: int,
    senders: Iterable[int] | None = None,
    features: Sequence[str] = (),
) -> list[int]:
    """Return ids of messages that may contain the phrases, newest first, below the id `before`.

    `channels` and `senders` None search all; `features` are HAS_LINK and HAS_FILE, of which the messages have all.
    """
    groups = [
        *([[_channel_label(pk) for pk in sorted(channels)]] if channels is not None else []),
        *([[_sender_label(pk) for pk in sorted(senders)]] if senders is not None else []),
        *([feature] for feature in features),
    ]
    bound = before if before is not None else 2**63 - 1
    if [] in groups:
        return []
    if not query and not groups:
        newest = Message.objects.filter(pk__lt=bound).order_by("-pk").values_list("pk", flat=True)
        return list(newest[:limit])
    if connection.vendor != "sqlite":
        return postgres.find(
            _tsquery(query, groups),
            channels=None if channels is None else (_tsquery([], groups[:1]), list(channels)),
            before=bound,
            limit=limit,
        )
    with read_connection().cursor() as cursor:
        cursor.execute(
            "SELECT rowid FROM chat_search WHERE chat_search MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s",
            [_fts5(query, groups), bound, limit],
        )
        return [pk for (pk,) in cursor.fetchall()]


HAS_LINK, HAS_FILE = "xlink", "xfile"
"""Labels of messages with a web address in their text, and with files."""
_Row = tuple[int, list[str], list[str]]
"""Message id, labels and words."""


def has_link(text: str) -> bool:
    """Return whether the text contains a web address."""
    return "://" in text and _LINK.search(text) is not None


def searched_text(type: str, text: str, attachments: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the words that find a message: its text and the names of its files."""
    if type not in rules.TYPES_WITH_TEXT:
        return ""
    return rules.with_file_names(text, attachments) if attachments else text


def _labels(channel: int, sender: int, type: str, text: str, attachments: Sequence[Any] | None) -> list[str]:
    labels = [_channel_label(channel), _sender_label(sender)]
    if has_link(text):
        labels.append(HAS_LINK)
    if attachments or (text and type not in rules.TYPES_WITH_TEXT):
        labels.append(HAS_FILE)
    return labels


def _channel_label(channel_id: int) -> str:
    return f"{_channel_prefix()}{channel_id}"


@cache
def _channel_prefix() -> str:
    # Those of the index of running sites, which an upgrade does not change.
    return "c" if connection.vendor == "sqlite" else ""


def _sender_label(user_id: int) -> str:
    return f"u{user_id}"


def _searchable(ids: Collection[int]) -> QuerySet[Message]:
    """Return those of the messages that are not recalled."""
    return Message.objects.filter(pk__in=ids, recalled_at=None)


_TEXTS: PreparedQuery[Message] = PreparedQuery(
    lambda ids: _searchable(ids).values_list("pk", "channel", "sender", "type", "text", "attachments")
)
_LOCKED: PreparedQuery[Message] = PreparedQuery(
    lambda ids: _searchable(ids).select_for_update(no_key=True).values_list("pk")
)


def _select(query: PreparedQuery[Message], ids: Collection[int]) -> Sequence[Sequence[Any]]:
    """Return the values of those of the messages that are `_searchable`."""
    if not ids:
        return []
    (rows,) = execute_batch([query.statement(ids)])
    return query.values(rows)


def _count_fitting(sizes: Sequence[int]) -> int:
    """Return how many of the texts fit into one batch; at least one if there are any."""
    together = accumulate(sizes)
    return max(1, sum(size <= MAX_CHARACTERS_PER_BATCH for size in together)) if sizes else 0


def _store(rows: Sequence[_Row]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for part in parts(rows):
                cursor.execute(
                    f"INSERT OR REPLACE INTO chat_search (rowid, words, channel) VALUES {placeholders(3, len(part))}",
                    [value for pk, labels, words in part for value in (pk, " ".join(words), " ".join(labels))],
                )
        else:
            values = ", ".join(["(%s, %s::tsvector)"] * len(rows))
            cursor.execute(
                f"INSERT INTO chat_search (id, words) VALUES {values}"
                " ON CONFLICT (id) DO UPDATE SET words = excluded.words",
                [value for pk, labels, words in rows for value in (pk, _tsvector(labels, words))],
            )


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


# Words hold letters, digits, marks and symbols only, so no word has a meaning in either query language.


def _fts5(query: Sequence[Phrase], groups: Sequence[Sequence[str]]) -> str:
    """Return the query for these phrases, and for a label of each group."""
    conditions = [f"channel : ({' OR '.join(labels)})" for labels in groups]
    if query:
        parts = []
        for phrase in query:
            together = " ".join(phrase.words)
            parts.append(f'"{together}" *' if phrase.begins else f'"{together}"')
        conditions.insert(0, f"words : ({' AND '.join(parts)})")
    return " AND ".join(conditions)


def _tsvector(labels: Sequence[str], words: Sequence[str]) -> str:
    named = [f"'#{label}'" for label in labels]
    return " ".join([*named, *(f"'{word}':{place}" for place, word in enumerate(words, 1))])


def _tsquery(query: Sequence[Phrase], groups: Sequence[Sequence[str]]) -> str:
    """Return the query for these phrases, and for a label of each group."""
    parts = []
    for phrase in query:
        *complete_words, last = (f"'{word}'" for word in phrase.words)
        together = " <-> ".join([*complete_words, f"{last}:*" if phrase.begins else last])
        parts.append(f"({together})")
    for labels in groups:
        named = " | ".join(f"'#{label}'" for label in labels)
        parts.append(f"({named})")
    return " & ".join(parts)
