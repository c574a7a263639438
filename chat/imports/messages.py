"""Stores the messages of a channel, a batch in a transaction. They are no events: nobody is notified of old messages.

Each has the log position of its batch, so edits and reactions that follow reach whoever is a member then. Users who had
read everything in the channel have read the imported messages too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from msgspec.structs import replace

from accounts.joiners import cut
from accounts.names import USER_NAME_MAX_LENGTH, BadName, check_name
from accounts.visible_text import has_visible_text
from chat import payloads
from chat.attachments.names import display_name
from chat.imports.emoji import EmojiNames
from chat.imports.identity import ImportedMessage, ImportedRecords
from chat.imports.records import MessageRecord
from chat.imports.report import Report
from chat.imports.threads import store_threads
from chat.mention_names import MAX_NAMES_PER_MESSAGE
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
_MAX_NAMES_PER_QUERY = 20_000
_MAX_NAMES_AT_ONE_PLACE = USER_NAME_MAX_LENGTH // 2
"""Words of one letter, with spaces between them, that a user name can have."""


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


def _shown_text(record: MessageRecord, files: Sequence[Attachment]) -> str:
    """Return the text of a message. One that would be empty has the names of its missing files; empty without any."""
    if files or has_visible_text(record.text):
        return record.text
    return "\n".join(display_name(file.name) for file in record.files)


def store_messages(target: ChannelImport, batch: Sequence[MessageRecord]) -> None:
    """Store those of the messages that are not known, in this order and at the end of their channel."""
    with write():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=target.channel_id)
        named = {key for record in batch for key in (record.key, record.thread, record.reply_to) if key}
        known = target.records.messages(named)
        new = list({record.key: record for record in batch if record.key not in known}.values())
        target.report.known["message"] += len(batch) - len(new)
        shown = {record.key: _shown_text(record, target.files.get(record.key, ())) for record in new}
        filled = [record for record in new if shown[record.key] or target.files.get(record.key)]
        target.report.problem("messages that would be empty", len(new) - len(filled))
        new = [replace(record, text=shown[record.key]) for record in filled]
        if new:
            before = channel.last_seq
            rows = _insert(target, channel, new, known)
            store_threads(rows)
            _store_reactions(target, new, rows)
            _store_pins(target, [row for record, row in zip(new, rows, strict=True) if record.pinned])
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
            type="file" if files else "action" if record.action else "text",
            text=record.text,
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
    found: list[FoundMentions | None] = []
    for start, end in _mention_batches([record.text for record in new]):
        lookup = MentionLookup([channel.pk], [record.text for record in new[start:end]])
        if statements := lookup.statements():
            lookup.load(execute_batch(statements), {channel.pk: channel}, ())
        found += [
            lookup.find(record.text, sender=sender, channel=channel, role=None)
            for record, sender in zip(new[start:end], senders[start:end], strict=True)
        ]
    return found


def _mention_batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the starts and ends of runs of texts, each with so few names that one query can look for them."""
    start = count = 0
    for index, text in enumerate(texts):
        names = min(text.count("@") * _MAX_NAMES_AT_ONE_PLACE, MAX_NAMES_PER_MESSAGE)
        if count + names > _MAX_NAMES_PER_QUERY and index > start:
            yield start, index
            start, count = index, 0
        count += names
    yield start, len(texts)


def _json(value: list[dict[str, Any]] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _shown_as(target: ChannelImport, record: MessageRecord) -> str:
    name = record.shown_as or ("" if target.records.user(record.sender) else record.sender)
    try:
        name = cut(" ".join(name.split()), USER_NAME_MAX_LENGTH).strip()
        return check_name(name, limit=USER_NAME_MAX_LENGTH) if name else ""
    except BadName:
        return ""


def _store_pins(target: ChannelImport, rows: Sequence[NewRow]) -> None:
    if not rows:
        return
    free = max(0, settings.IM_MAX_PINS_PER_CHANNEL - Pin.objects.filter(channel=target.channel_id).count())
    target.report.problem("pins beyond IM_MAX_PINS_PER_CHANNEL", len(rows[free:]))
    Pin.objects.bulk_create(
        [
            Pin(channel_id=target.channel_id, message_id=row.pk, pinned_by_id=row.sender_id, pinned_at=row.time)
            for row in rows[:free]
        ]
    )


def _store_reactions(target: ChannelImport, new: Sequence[MessageRecord], rows: Sequence[NewRow]) -> None:
    chosen: dict[tuple[int, str], dict[int, int]] = {}
    for record, row in zip(new, rows, strict=True):
        for reaction in record.reactions:
            emoji = target.emoji.find(reaction.emoji)
            if emoji is None:
                target.report.problem("reactions by an emoji that is missing here", named=reaction.emoji)
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
    """Move the read marks of users who had read everything to the end."""
    counted = Message.objects.filter(channel=channel, seq__lte=before, recalled_at=None, thread_only=False)
    last = counted.order_by("-seq").values_list("seq", flat=True).first() or 0
    ReadMark.objects.filter(channel=channel, seq__gte=last, unread_after=None).update(seq=channel.last_seq)
    # A member without a mark has read what was there before joining.
    joined = Membership.objects.filter(channel=channel, until_position=None, from_seq__gt=before)
    unmarked = joined.exclude(user__in=ReadMark.objects.filter(channel=channel).values("user"))
    ReadMark.objects.bulk_create(
        [
            ReadMark(channel=channel, user_id=user, seq=channel.last_seq)
            for user in unmarked.values_list("user", flat=True)
        ],
        ignore_conflicts=True,
    )
