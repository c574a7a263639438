"""Retention: deletes messages older than the age set for their channel or the site, in small transactions.

A channel loses its oldest messages up to a sequence number, which is stored in the channel, so history ends there and
unread counts stay right. The events about those messages are deleted too. Idempotency keys stay, so retries are still
recognized. One event for each channel tells clients up to which number messages were deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from chat import payloads, rules
from chat.actions.attachment import attachments_remove
from chat.actions.redaction import messages_redact
from chat.actions.thread import threads_forget_deleted
from chat.models import Channel, Message, Thread
from chat.search.conditions import CONTENT_IN_ROW
from chat.search.index import index_forget, index_update
from chat.wire.schema.events import ATTACHMENT_EXPIRED, MESSAGE_EXPIRED
from delivery import log, publish
from delivery.db.transactions import write
from delivery.log import Entry

DAY_MS = 86_400_000
_HAS_FILE = Q(type="file", attachments__isnull=False) | CONTENT_IN_ROW


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Messages older than `before` (Unix ms) in these channels are deleted."""

    channels: Q
    before: int


def channels_with_expired_messages() -> list[tuple[int, int]]:
    """Return the channels with expired messages, each with the time (Unix ms) before which they expire."""
    found: list[tuple[int, int]] = []
    for age in _retention_rules():
        oldest = Message.objects.filter(channel=OuterRef("pk"), seq__gt=OuterRef("purged_seq")).order_by("seq")
        rows = Channel.objects.filter(age.channels, last_seq__gt=F("purged_seq"))
        rows = rows.annotate(oldest=Subquery(oldest.values("time")[:1])).filter(oldest__lt=age.before)
        found += [(channel, age.before) for channel in rows.order_by("pk").values_list("pk", flat=True)]
    return found


def _retention_rules() -> Iterator[RetentionRule]:
    now = log.now_ms()
    own = Channel.objects.filter(retention_days__gt=0).order_by().values_list("retention_days", flat=True).distinct()
    for days in own:
        if days is not None:
            yield RetentionRule(Q(retention_days=days), now - days * DAY_MS)
    if settings.IM_RETENTION_DAYS:
        yield RetentionRule(Q(retention_days=None), now - settings.IM_RETENTION_DAYS * DAY_MS)


def count_expired_messages(channel_id: int, before: int) -> int:
    """Return how many messages of the channel would be deleted."""
    rows = Message.objects.filter(channel=channel_id).order_by("seq")
    kept = rows.filter(time__gte=before).values_list("seq", flat=True).first()
    return rows.filter(seq__lt=kept).count() if kept is not None else rows.count()


def channel_delete_expired(*, channel_id: int, before: int, limit: int | None = None) -> int:
    """Delete the channel's oldest expired messages, at most `limit`; return how many.

    None: IM_RETENTION_BATCH_MESSAGES. A number below the limit means that none are left. The channel accepts no
    messages during the transaction, so the limit is small.
    """
    limit = limit or settings.IM_RETENTION_BATCH_MESSAGES
    with write():
        channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
        expired = _oldest_expired(channel_id, before, limit + 1) if channel is not None else []
        if channel is None or not expired:
            return 0
        rows = expired[:limit]
        gone = [pk for pk, _ in rows]
        log.delete_about(gone)
        attachments_remove(gone)
        threads_forget_deleted(gone)
        Message.objects.filter(pk__in=gone).delete()
        index_forget(gone)
        Thread.objects.filter(channel=channel_id, last_seq__lte=rows[-1][1]).delete()
        channel.purged_seq = rows[-1][1]
        channel.save(update_fields=["purged_seq"])
        if len(expired) <= limit:
            _announce_deletion(channel)
    return len(rows)


def _announce_deletion(channel: Channel) -> None:
    """Append the event that tells clients of all deletions so far, in place of the previous one.

    The log then keeps one for each channel. The channel's row is locked, so its update waits for nothing.
    """
    if channel.purge_position is not None:
        log.delete(channel.purge_position)
    body = payloads.expired(channel)
    header = rules.private_route(channel.pair)
    entries = log.append([Entry(kind=MESSAGE_EXPIRED.name, channel=channel.pk, header=header, body=body)])
    channel.purge_position = entries[0].position
    channel.save(update_fields=["purge_position"])
    publish.after_commit(entries)


def _oldest_expired(channel_id: int, before: int, limit: int) -> list[tuple[int, int]]:
    """Return ids and sequence numbers of the oldest messages, up to the first that has not expired."""
    rows = Message.objects.filter(channel=channel_id).order_by("seq").values_list("pk", "seq", "time")
    expired: list[tuple[int, int]] = []
    for pk, seq, time in rows[:limit].iterator():
        if time >= before:
            break
        expired.append((pk, seq))
    return expired


def expired_files() -> QuerySet[Message]:
    """Return messages whose files have expired, oldest first."""
    found = Message.objects.filter(time__lt=log.now_ms() - settings.IM_FILE_RETENTION_DAYS * DAY_MS)
    # Written literally, as in the partial index: SQLite does not use the index for a parameter.
    found = found.extra(where=['NOT "chat_message"."type" = \'text\''])
    return found.filter(_HAS_FILE).order_by("time") if settings.IM_FILE_RETENTION_DAYS else found.none()


def _without_files(row: Message) -> dict[str, Any]:
    """Return those fields of a message's event that change when its files expire."""
    if row.type != "file":
        return {"content": ""}
    return {"msg": payloads.plain_text(row), "content": row.text, "attachments": []}


def files_delete_expired(*, limit: int | None = None) -> int:
    """Delete the files of the oldest messages whose files have expired, at most `limit` (None: one batch).

    Return the number of messages. They stay, with the text beside their attachments. Clients are told for each channel
    up to which number files are gone.
    """
    with write():
        found = list(expired_files().values_list("pk", flat=True)[: limit or settings.IM_RETENTION_BATCH_MESSAGES])
        # An edit or a recall comes before or after: its text must not be replaced by the one before it.
        locked = Message.objects.select_for_update(no_key=True).filter(_HAS_FILE, pk__in=found).order_by("pk")
        rows = list(locked.only("type", "text", "channel", "sender", "seq", "forwarded", "recalled_at"))
        attachments_remove([row.pk for row in rows if row.type == "file"])
        for row in rows:
            row.text, row.attachments = (row.text if row.type == "file" else ""), None
        Message.objects.bulk_update(rows, ["text", "attachments"])
        index_update(rows)
        messages_redact({row.pk: _without_files(row) for row in rows})
        _announce_expired_files(rows)
    return len(rows)


def _announce_expired_files(rows: Sequence[Message]) -> None:
    last_seqs: dict[int, int] = {}
    for row in rows:
        last_seqs[row.channel_id] = max(row.seq, last_seqs.get(row.channel_id, 0))
    channels = Channel.objects.filter(pk__in=last_seqs).order_by("pk")
    entries = [
        Entry(
            kind=ATTACHMENT_EXPIRED.name,
            channel=channel.pk,
            header=rules.private_route(channel.pair),
            body={"target": str(channel.pk), "seq": last_seqs[channel.pk]},
        )
        for channel in channels
    ]
    publish.after_commit(log.append(entries))
