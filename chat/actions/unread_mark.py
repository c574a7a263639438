"""Messages that a user has read and marks as unread again."""

from __future__ import annotations

from accounts.models import User
from chat import rules
from chat.models import ReadMark
from chat.selectors import access_channel
from chat.wire.schema.events import READ_UNMARK
from delivery import publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry


def read_unmark(*, user: User, channel_id: int, seq: int, app: int | None, connection: Connection | None = None) -> int:
    """Mark the messages from `seq` on as unread. Return the user's read position after that.

    Pushes it to the user's other connections. Other users do not hear of it: `ReadMark.seq` stays.
    """
    access = access_channel(user, channel_id, app=app)
    channel, membership = access.channel, access.membership
    from_seq = 1 if membership is None else membership.from_seq
    last_read = min(seq, channel.last_seq) - 1
    after = rules.read_position(mark=max(0, last_read), from_seq=from_seq, purged_seq=channel.purged_seq)
    with write():
        marks = ReadMark.objects.filter(user=user, channel=channel)
        # A global channel without a mark counts as read, a group up to the user's joining.
        first = ReadMark(user=user, channel=channel, seq=channel.last_seq if membership is None else from_seq - 1)
        ReadMark.objects.bulk_create([first], ignore_conflicts=True)
        marks.filter(seq__gt=after).update(unread_after=after)
        mark = marks.get()
    read_seq = mark.seq if mark.unread_after is None else mark.unread_after
    body = {"target": str(channel_id), "readSeq": read_seq}
    entry = Entry(kind=READ_UNMARK.name, user_ids=(user.pk,), header={"about": channel_id}, body=body)
    publish.push_transient(entry, connection)
    return read_seq
