"""Store the new messages of a batch, with their keys, read marks and events.

It takes two round trips. The second starts with the log's counter locked, so no statement in it may wait for another
lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import orjson

from chat.models import Attachment, Channel, Message, MessageKey, MessageMention, ReadMark
from chat.sending.decide import NewMessage
from chat.sending.store_threads import follower_statements, thread_statements
from delivery import idempotency, log
from delivery.db.bulk import (
    Statement,
    execute_batch,
    insert_instances,
    insert_numbered,
    insert_statements,
    inserted_ids,
    update_statements,
)

_FIELDS = ("id", "channel", "seq", "sender", "type", "text", "shown_as", "reply_to", "reply_seq", "position", "time")
_values = attrgetter(
    "pk", "channel_id", "seq", "sender_id", "type", "text", "shown_as", "reply_to", "reply_seq", "position", "time"
)
"""The values of `_FIELDS`, in the same order."""
_RARE_FIELDS = ("attachments", "mentions", "thread", "thread_only", "forwarded", "forwarded_from")
"""Columns that few messages have."""
_MENTION_FIELDS = ("message", "user", "channel", "seq", "is_silent")


def store(new: Sequence[NewMessage]) -> None:
    """Store the messages in the open transaction and set their ids and positions.

    Call it last in a transaction whose `load` has locked the senders, channels and apps. Keys are claimed in sorted
    order before the log's counter is locked. Raise IntegrityError if another transaction has stored one of the keys in
    the meantime.
    """
    if not new:
        return
    last_position = _store_keys(new)
    entries = [message.entry for message in new]
    for message, entry in zip(new, entries, strict=True):
        entry.ref, entry.body["id"] = message.pk, str(message.pk)
    events = log.insert_entries(entries, last_position)
    if any(message.attachments or message.mentions or message.thread or message.forwarded for message in new):
        execute_batch([*events, *_insert_messages_with_all_fields(new)])
    else:
        execute_batch([*events, *insert_statements(Message, _FIELDS, list(map(_values, new)))])


def _insert_messages_with_all_fields(new: Sequence[NewMessage]) -> list[Statement]:
    """Insert the messages and what belongs to them: files, whose rows `load` has locked, mentions and threads."""
    rows = [
        (
            *_values(message),
            _json(message.attachments),
            _json(message.mentions),
            message.thread,
            message.thread_only,
            _json(message.forwarded),
            None if message.draft.forward is None else message.draft.forward.origin_user,
        )
        for message in new
    ]
    mentions = [row for message in new for row in _mention_rows(message)]
    return [
        *insert_statements(Message, (*_FIELDS, *_RARE_FIELDS), rows),
        *insert_statements(MessageMention, _MENTION_FIELDS, mentions),
        *_link_files(new),
        *_insert_copies(new),
        *thread_statements(new),
    ]


def _mention_rows(message: NewMessage) -> list[tuple[Any, ...]]:
    found = message.mentioned
    if found is None:
        return []
    return [(message.pk, user, message.channel_id, message.seq, user in found.silent) for user in found.users]


def _json(value: list[dict[str, Any]] | Mapping[str, Any] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _link_files(new: Sequence[NewMessage]) -> list[Statement]:
    links: list[tuple[Any, ...]] = [
        (key, message.pk, index) for message in new for index, key in enumerate(message.draft.attachments)
    ]
    if not links:
        return []
    sql = (
        f'UPDATE {Attachment._meta.db_table} SET message_id = given.column2, "index" = given.column3'
        f" FROM (VALUES {', '.join(['(%s, %s, %s)'] * len(links))}) AS given WHERE key = given.column1"
    )
    return [Statement(sql, [value for link in links for value in link])]


def _insert_copies(new: Sequence[NewMessage]) -> list[Statement]:
    """Insert the rows of forwarded files."""
    copies = [file for message in new for file in message.copies]
    for message in new:
        for index, file in enumerate(message.copies):
            file.message_id, file.index = message.pk, index
    return insert_instances(copies) if copies else []


def _store_keys(new: Sequence[NewMessage]) -> int:
    """Claim the keys and set the messages' ids; return the last of the log positions reserved for them."""
    plain_keys = [message.draft.scoped_key for message in new if message.draft.scoped_key is not None]
    # In sorted order, so that two transactions with the same keys do not deadlock.
    by_key = sorted(new, key=lambda message: (message.sender_id, message.draft.client_id or ""))
    keys = [*idempotency.claim_statements(plain_keys), *_insert_message_keys(by_key)]
    statements = [*keys, *_update_channels(new), *_update_read_marks(new), *follower_statements(new)]
    counter = log.reserve_positions(len(new))
    keyed = [message for message in new if message.draft.idempotency_key is not None]
    if not keyed:
        statements.append(counter)
    results = execute_batch(statements)
    for message, pk in zip(by_key, inserted_ids(results[len(keys) - 1], len(by_key)), strict=True):
        message.pk = pk
    if keyed:
        # The response of an idempotency key needs the message's id; claiming the key may wait, so the counter is last.
        responses = {
            message.draft.idempotency_key: message.stored().to_response()
            for message in keyed
            if message.draft.idempotency_key is not None
        }
        results = execute_batch([*idempotency.claim_with_response_statements(responses), counter])
    return int(results[-1][0][0])


def _insert_message_keys(new: Sequence[NewMessage]) -> list[Statement]:
    fields = ("sender", "client_id", "channel", "seq")
    rows = [(message.sender_id, message.draft.client_id, message.channel_id, message.seq) for message in new]
    return insert_numbered(MessageKey, fields, rows)


def _update_channels(new: Sequence[NewMessage]) -> list[Statement]:
    last_seqs = {message.channel_id: message.seq for message in new}
    time = new[0].time
    return update_statements(
        Channel, ("last_seq", "active_at"), [(seq, time, channel) for channel, seq in sorted(last_seqs.items())]
    )


def _update_read_marks(new: Sequence[NewMessage]) -> list[Statement]:
    """Set the senders' read positions to their own last messages, but for those that only a thread shows."""
    in_channel = {(message.channel_id, message.sender_id): message.seq for message in new if not message.thread_only}
    in_thread = {(message.channel_id, message.sender_id): 0 for message in new if message.thread_only}
    return [
        *_insert_read_marks(
            in_channel, new[0].time, "seq = excluded.seq, unread_after = NULL, last_sent_at = excluded.last_sent_at"
        ),
        *_insert_read_marks(in_thread, new[0].time, "last_sent_at = excluded.last_sent_at"),
    ]


def _insert_read_marks(seqs: Mapping[tuple[int, int], int], time: int, changes: str) -> list[Statement]:
    return insert_statements(
        ReadMark,
        ("channel", "user", "seq", "last_sent_at"),
        [(channel, user, seq, time) for (channel, user), seq in sorted(seqs.items())],
        f"ON CONFLICT (user_id, channel_id) DO UPDATE SET {changes}",
    )
