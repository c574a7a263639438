"""Stores the messages of a channel, a batch in a transaction. They are no events: nobody is notified of old messages.

Each has the log position of its batch, so edits and reactions that follow reach whoever is a member then. Users who had
read everything in the channel have read the imported messages too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from chat import payloads
from chat.imports.emoji import EmojiNames
from chat.imports.identity import ImportedMessage, ImportedRecords
from chat.imports.records import MessageRecord
from chat.imports.report import Report
from chat.imports.threads import store_threads
from chat.models import (
    Attachment,
    Channel,
    Membership,
    Message,
    MessageKey,
    MessageMention,
    Pin,
    Reaction,
    ReactionUser,
    ReadMark,
)
from chat.search.index import index_update
from chat.sending.mentions import FoundMentions, MentionLookup
from delivery import log
from delivery.db.bulk import execute_batch, insert_numbered, insert_statements, inserted_ids
from delivery.db.transactions import write

MESSAGES_PER_BATCH = 500


_FIELDS = (
    "id", "channel", "seq", "sender", "type", "text", "shown_as", "reply_to", "reply_seq", "thread", "thread_only",
    "position", "time", "attachments", "mentions", "edited_at",
)  # fmt: skip


class NewRow(NamedTuple):
    """The values of `_FIELDS` of a new message, in the same order. An instance of the model costs ten times as much."""

    pk: int
    channel_id: int
    seq: int
    sender_id: int
    type: str
    text: str
    shown_as: str
    reply_to: int | None
    reply_seq: int | None
    thread: int | None
    thread_only: bool
    position: int
    time: int
    attachments: list[dict[str, Any]] | None
    mentions: list[dict[str, Any]] | None
    edited_at: int | None


@dataclass(slots=True)
class ChannelImport:
    """The target of the messages of one channel. `unknown_sender` sends for users whom the export does not contain."""

    channel_id: int
    records: ImportedRecords
    report: Report
    emoji: EmojiNames
    unknown_sender: int
    files: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)
    """The stored files of the next batch, by the keys of its messages."""


def is_empty(record: MessageRecord, files: Sequence[Attachment]) -> bool:
    """Return whether a message has nothing to show."""
    return not record.text.strip() and not files


def store_messages(target: ChannelImport, batch: Sequence[MessageRecord]) -> None:
    """Store those of the messages that are not known, in this order and at the end of their channel."""
    with write():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=target.channel_id)
        named = {key for record in batch for key in (record.key, record.thread, record.reply_to) if key}
        known = target.records.messages(named)
        new = list({record.key: record for record in batch if record.key not in known}.values())
        target.report.known["message"] += len(batch) - len(new)
        new = [record for record in new if not is_empty(record, target.files.get(record.key, ()))]
        if new:
            before = channel.last_seq
            rows = _insert(target, channel, new, known)
            store_threads(rows)
            _store_reactions(target, new, rows)
            Pin.objects.bulk_create(
                [
                    Pin(channel=channel, message_id=row.pk, pinned_by_id=row.sender_id, pinned_at=row.time)
                    for record, row in zip(new, rows, strict=True)
                    if record.pinned
                ]
            )
            index_update(rows)
            _mark_read(channel, before)
    target.report.created["message"] += len(new)


def _insert(
    target: ChannelImport, channel: Channel, new: Sequence[MessageRecord], known: dict[str, ImportedMessage]
) -> list[NewRow]:
    senders = [target.records.user(record.sender) or target.unknown_sender for record in new]
    first = channel.last_seq + 1
    keys = [(sender, None, channel.pk, seq) for seq, sender in enumerate(senders, start=first)]
    *_, ids = execute_batch(insert_numbered(MessageKey, ("sender", "client_id", "channel", "seq"), keys))
    pks = inserted_ids(ids, len(new))
    mentions = _mentions(channel, new, senders)
    position = log.head()
    rows = []
    for seq, (record, pk, sender, mentioned) in enumerate(zip(new, pks, senders, mentions, strict=True), start=first):
        files = target.files.get(record.key, ())
        root, quoted = _root(target, record, known), known.get(record.reply_to)
        row = NewRow(
            pk=pk,
            channel_id=channel.pk,
            seq=seq,
            sender_id=sender,
            type="file" if files else "text",
            text=_text(record.text),
            shown_as=_shown_as(target, record),
            reply_to=quoted.pk if quoted and quoted.pk else None,
            reply_seq=quoted.seq if quoted and quoted.pk else None,
            thread=root,
            thread_only=root is not None and not record.in_channel,
            position=position,
            time=record.time,
            attachments=[payloads.attachment(file) for file in files] or None,
            mentions=None if mentioned is None else mentioned.shown,
            edited_at=record.edited_at or None,
        )
        known[record.key] = ImportedMessage(pk, seq, sender, root)
        rows.append(row)
    values = [(*row[:-3], _json(row.attachments), _json(row.mentions), row.edited_at) for row in rows]
    execute_batch(insert_statements(Message, _FIELDS, values))
    MessageMention.objects.bulk_create(
        [
            MessageMention(
                message_id=row.pk, user_id=user, channel=channel, seq=row.seq, is_silent=user in mentioned.silent
            )
            for row, mentioned in zip(rows, mentions, strict=True)
            if mentioned is not None
            for user in mentioned.users
        ]
    )
    for record, row in zip(new, rows, strict=True):
        for index, file in enumerate(target.files.get(record.key, ())):
            Attachment.objects.filter(pk=file.pk).update(message=row.pk, index=index)
    execute_batch(target.records.message_statements(zip([record.key for record in new], pks, strict=True)))
    channel.last_seq = rows[-1].seq
    channel.active_at = max(channel.active_at, rows[-1].time)
    channel.save(update_fields=["last_seq", "active_at"])
    return rows


def _root(target: ChannelImport, record: MessageRecord, known: Mapping[str, ImportedMessage]) -> int | None:
    """Return the id of the first message of the answer's thread; None without one."""
    if not record.thread or record.thread == record.key:
        return None
    found = known.get(record.thread)
    if found is None or not found.pk:
        target.report.problem("answers whose thread's first message is missing, which became plain messages")
        return None
    # A thread has no threads within.
    return found.thread or found.pk


def _mentions(channel: Channel, new: Sequence[MessageRecord], senders: Sequence[int]) -> list[FoundMentions | None]:
    lookup = MentionLookup([channel.pk], [record.text for record in new])
    if statements := lookup.statements():
        lookup.load(execute_batch(statements), {channel.pk: channel}, ())
    return [
        lookup.find(record.text, sender=sender, channel=channel, role=None)
        for record, sender in zip(new, senders, strict=True)
    ]


def _json(value: list[dict[str, Any]] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "")


def _shown_as(target: ChannelImport, record: MessageRecord) -> str:
    name = record.shown_as or ("" if target.records.user(record.sender) else record.sender)
    return _text(name)[:64]


def _store_reactions(target: ChannelImport, new: Sequence[MessageRecord], rows: Sequence[NewRow]) -> None:
    chosen: dict[tuple[int, str], dict[int, int]] = {}
    for record, row in zip(new, rows, strict=True):
        for reaction in record.reactions:
            emoji = target.emoji.find(reaction.emoji)
            if emoji is None:
                target.report.problem(f"reactions by an emoji that is missing here: {reaction.emoji[:40]}")
                continue
            users = chosen.setdefault((row.pk, emoji), {})
            users |= {user: row.time for key in reaction.users if (user := target.records.user(key)) is not None}
    position = rows[-1].position
    stored = Reaction.objects.bulk_create(
        [
            Reaction(message_id=message, emoji=emoji, count=len(users), position=position)
            for (message, emoji), users in chosen.items()
            if users
        ]
    )
    ReactionUser.objects.bulk_create(
        [
            ReactionUser(reaction=reaction, user_id=user, time=time)
            for reaction in stored
            for user, time in chosen[reaction.message_id, reaction.emoji].items()
        ]
    )
    target.report.created["reaction"] += sum(reaction.count for reaction in stored)


def _mark_read(channel: Channel, before: int) -> None:
    """Set the read marks of users who had read everything to the end."""
    members = list(Membership.objects.filter(channel=channel, until_position=None).values_list("user", flat=True))
    marks = ReadMark.objects.filter(channel=channel, user__in=members)
    marks.filter(seq__gte=before, unread_after=None).update(seq=channel.last_seq)
    if not before:
        ReadMark.objects.bulk_create(
            [ReadMark(channel=channel, user_id=user, seq=channel.last_seq) for user in members], ignore_conflicts=True
        )
