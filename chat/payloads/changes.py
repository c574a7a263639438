"""Builds the data of events: changes of messages, channels and users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from chat import rules
from chat.models import Channel, Message, Thread, ThreadFollower
from chat.payloads.times import milliseconds
from chat.payloads.users import person
from delivery.log import Entry


def previewed(row: Message) -> dict[str, Any]:
    """Return a `MessagePreviewed` without the position."""
    return {"target": str(row.channel_id), "id": str(row.pk), "seq": row.seq, "previews": row.previews or []}


def thread_mark(channel_id: int, row: ThreadFollower) -> dict[str, Any]:
    """Return a `ThreadMark`."""
    return {
        "target": str(channel_id),
        "threadId": str(row.thread_id),
        "follows": row.follows,
        "readSeq": row.read_seq,
    }


def reacted(row: Message, by: User, emoji: str, count: int) -> dict[str, Any]:
    """Return a `MessageReacted` without the position."""
    return {
        "target": str(row.channel_id),
        "id": str(row.pk),
        "seq": row.seq,
        "emoji": emoji,
        "count": count,
        "by": person(by),
    }


def edited(row: Message) -> dict[str, Any]:
    """Return a `MessageEdited` without the position."""
    return {
        "target": str(row.channel_id),
        "id": str(row.pk),
        "seq": row.seq,
        **edited_text(row),
        "editedAt": row.edited_at,
    }


def edited_text(row: Message) -> dict[str, Any]:
    """Return those fields of a message that an edit of its text changes."""
    mentions = {} if row.mentions is None else {"mentions": row.mentions}
    if row.type == "file":
        return {"msg": rules.with_file_names(row.text, row.attachments), "content": row.text} | mentions
    if row.type == "action":
        return {"msg": rules.action_text(row.sender.nickname, row.text), "content": row.text} | mentions
    return {"msg": row.text} | mentions


def recalled(row: Message, by: User, time: int, thread: Thread | None) -> dict[str, Any]:
    """Return a `MessageRecalled` without the position. `thread`: that of an answer, without it."""
    data = {"target": str(row.channel_id), "id": str(row.pk), "seq": row.seq, "by": person(by), "time": time}
    return data if thread is None else data | {"threadId": str(thread.pk), "threadCount": thread.count}


def attachments_removed(row: Message, keys: Sequence[str]) -> dict[str, Any]:
    """Return an `AttachmentsRemoved` without the position."""
    return {"target": str(row.channel_id), "id": str(row.pk), "seq": row.seq, "attachments": list(keys)}


def expired(channel: Channel) -> dict[str, Any]:
    """Return a `MessagesExpired` without the position."""
    return {"target": str(channel.pk), "seq": channel.purged_seq}


def pinned(row: Message, by: User) -> dict[str, Any]:
    """Return a `MessagePinned` without the position."""
    return {"target": str(row.channel_id), "id": str(row.pk), "seq": row.seq, "by": person(by)}


def note(
    channel: int, kind: str, *, by: User, who: Iterable[User] = (), value: str = "", seq: int, time: int
) -> dict[str, Any]:
    """Return a `Note` without the position. It is shown after the message with number `seq`."""
    return {
        "target": str(channel),
        "note": kind,
        "by": person(by),
        "who": [person(user) for user in who],
        "value": value,
        "seq": seq,
        "time": time,
    }


def restriction(kind: str, channel: int | None, *, until: datetime | None, reason: str) -> dict[str, Any]:
    """Return a `Restriction`. `kind` is mute, unmute, ban or unban; without a channel it is site-wide."""
    data: dict[str, Any] = {"kind": kind}
    if channel is not None:
        data["target"] = str(channel)
    if until is not None:
        data["until"] = milliseconds(until)
    if reason:
        data["reason"] = reason
    return data


def push_data(entry: Entry) -> dict[str, Any]:
    """Return the data of the push of a logged entry: its body and its position."""
    return entry.body | {"position": entry.position}
