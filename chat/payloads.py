"""Builds the data of replies and events from rows: one function per object of `chat.wire.schema`.

Ids are decimal strings, times Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from accounts.models import User
from chat import rules
from chat.models import Attachment, Channel, LinkPreview, Message, Pin, Thread, ThreadFollower
from chat.selectors import NEVER_ENDS, ChannelSummary
from chat.selectors.message_details import MessageDetails
from chat.selectors.threads import ThreadSummary
from chat.wire.schema.events import ENTER, EXIT
from delivery.log import Entry

ORIGIN_CHANNEL_FIELDS = ("target", "id", "seq")
"""The fields of a `ForwardOrigin` that are of its channel."""
PRESENCE_TEXTS = {ENTER.name: "{} is here", EXIT.name: "{} has left"}
"""Texts of `enter` and `exit`; `{}` is the user's name."""


def person(user: User) -> dict[str, Any]:
    """Return a `Person` without the status."""
    return {
        "userId": user.public_name,
        "id": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
    }


def profile(user: User) -> dict[str, Any]:
    """Return a `Person` with the status, if the user has one, and whether the account is active, if it is not."""
    status = {"status": user.status_text} if user.status_text else {}
    return person(user) | status | ({} if user.is_active else {"active": False})


class MessageFields(Protocol):
    """The fields of a message that its payload contains.

    A stored row and a message about to be stored both have them.
    """

    @property
    def pk(self) -> int: ...
    @property
    def channel_id(self) -> int: ...
    @property
    def sender_id(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def time(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def attachments(self) -> list[dict[str, Any]] | None: ...
    @property
    def mentions(self) -> list[dict[str, Any]] | None: ...
    @property
    def forwarded(self) -> Mapping[str, Any] | None: ...
    @property
    def previews(self) -> list[dict[str, Any]] | None: ...
    @property
    def thread(self) -> int | None: ...
    @property
    def thread_only(self) -> bool: ...
    @property
    def shown_as(self) -> str: ...
    @property
    def reply_to(self) -> int | None: ...
    @property
    def reply_seq(self) -> int | None: ...
    @property
    def edited_at(self) -> int | None: ...
    @property
    def recalled_at(self) -> int | None: ...


class SenderFields(Protocol):
    """The fields of a user that the payload of their message contains."""

    @property
    def public_name(self) -> str: ...
    @property
    def nickname(self) -> str: ...
    @property
    def avatar(self) -> str: ...


def message(row: MessageFields, sender: SenderFields) -> dict[str, Any]:
    """Return a `Message`. A recalled message has no text."""
    data = {
        "target": str(row.channel_id),
        "type": row.type,
        "msg": plain_text(row),
        "from": row.shown_as or sender.public_name,
        "fromId": str(row.sender_id),
        "name": row.shown_as or sender.nickname,
        "avatar": sender.avatar,
        "id": str(row.pk),
        "seq": row.seq,
        "time": row.time,
        "position": row.position,
    }
    if row.type != "text" or row.forwarded is not None:
        data["content"] = row.text
    if row.type == "file" and row.recalled_at is None:
        data["attachments"] = row.attachments or []
    elif row.type == "action":
        # Clients that do not know `action` show a text.
        data |= {"type": "text", "action": True}
        if row.recalled_at is None:
            data["msg"] = rules.action_text(row.shown_as or sender.nickname, row.text)
    if row.forwarded is not None:
        data["forwarded"] = row.forwarded
    if row.mentions is not None:
        data["mentions"] = row.mentions
    if row.previews is not None:
        data["previews"] = row.previews
    if row.reply_to is not None:
        data["replyTo"] = str(row.reply_to)
        data["replySeq"] = row.reply_seq
    if row.thread is not None:
        data["threadId"] = str(row.thread)
        if row.thread_only:
            data["threadOnly"] = True
    if row.edited_at is not None:
        data["editedAt"] = row.edited_at
    if row.recalled_at is not None:
        data["recalled"] = True
    return data


def plain_text(row: MessageFields) -> str:
    """Return the text of a message for clients that show only texts: with file names, or with its type instead."""
    if row.recalled_at is not None:
        return ""
    if row.type in ("text", "action"):
        text = row.text
    else:
        text = rules.with_file_names(row.text, row.attachments) if row.type == "file" else f"[{row.type}]"
    return text if row.forwarded is None else rules.with_origin(text, row.forwarded)


def forward_origin(row: Message, channel: Channel | None) -> dict[str, Any]:
    """Return the `ForwardOrigin` of a message that is forwarded. `channel`: its own, if the receivers may know it."""
    origin = {
        "from": row.shown_as or row.sender.public_name,
        "fromId": str(row.sender_id),
        "name": row.shown_as or row.sender.nickname,
        "time": row.time,
    }
    return origin if channel is None else origin | {"target": str(channel.pk), "id": str(row.pk), "seq": row.seq}


def mention(user_id: int | None, name: str) -> dict[str, Any]:
    """Return a `Mention`. Without a user it is of all members."""
    return {"name": name} if user_id is None else {"id": str(user_id), "name": name}


def attachment(row: Attachment) -> dict[str, Any]:
    """Return an `Attachment`."""
    data = {
        "id": row.key,
        "name": row.name,
        "type": row.content_type,
        "kind": row.kind,
        "size": row.size,
        "sha256": row.sha256,
        "url": f"/files/{row.key}/{quote(row.name, safe='')}",
    }
    if row.thumbnail:
        data["thumbnail"] = f"/thumbnails/{row.key}.webp"
    if row.width and row.height:
        data |= {"width": row.width, "height": row.height}
    if row.duration is not None:
        data["duration"] = row.duration
    if row.preview:
        data["preview"] = row.preview
    return data


def link_preview(row: LinkPreview, message_id: int) -> dict[str, Any]:
    """Return a `LinkPreview`, as a message shows it."""
    data: dict[str, Any] = {"id": row.key, "url": row.address, "title": row.title}
    if row.site_name:
        data["siteName"] = row.site_name
    if row.description:
        data["description"] = row.description
    if row.picture:
        data |= {
            "picture": f"/link-previews/{message_id}/{row.key}.webp",
            "width": row.width,
            "height": row.height,
        }
    return data


def previewed(row: Message) -> dict[str, Any]:
    """Return a `MessagePreviewed` without the position."""
    return {"target": str(row.channel_id), "id": str(row.pk), "seq": row.seq, "previews": row.previews or []}


def removed_attachment(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `Attachment` of a file that has been removed from its message."""
    return {name: value for name, value in item.items() if name not in ("thumbnail", "preview")} | {"removed": True}


def message_with_details(found: MessageDetails) -> dict[str, Any]:
    """Return a `Message` with its reactions and its thread, if it has any; an answer with the count of its thread."""
    row = found.message
    data = message(row, row.sender)
    if found.thread is not None:
        data["thread"] = thread(found.thread)
    if found.thread_count is not None:
        data["threadCount"] = found.thread_count
    if found.reactions:
        data["reactions"] = [
            {
                "emoji": reaction.emoji,
                "count": reaction.count,
                "mine": reaction.is_mine,
                "users": [person(user) for user in reaction.users],
                "position": reaction.position,
            }
            for reaction in found.reactions
        ]
    return data


def thread(found: ThreadSummary) -> dict[str, Any]:
    """Return a `Thread`."""
    row = found.thread
    return {
        "id": str(row.pk),
        "count": row.count,
        "lastSeq": row.last_seq,
        "lastAt": row.last_at,
        "position": row.position,
        "follows": found.follows,
        "readSeq": found.read_seq,
        "unread": found.unread,
    }


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


def pin(row: Pin) -> dict[str, Any]:
    """Return a `PinnedMessage`."""
    return message(row.message, row.message.sender) | {"pinnedBy": person(row.pinned_by), "pinnedAt": row.pinned_at}


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


def milliseconds(moment: datetime) -> int:
    """Return the moment in Unix milliseconds."""
    return int(moment.timestamp() * 1000)


def push_data(entry: Entry) -> dict[str, Any]:
    """Return the data of the push of a logged entry: its body and its position."""
    return entry.body | {"position": entry.position}


def channel(item: ChannelSummary) -> dict[str, Any]:
    """Return a `Channel`."""
    channel = item.channel
    data = {
        "target": str(channel.pk),
        "kind": channel.kind,
        "name": item.name,
        "join": channel.join,
        "listed": channel.listed,
        "closed": channel.closed,
        "history": channel.history,
        "announcementsOnly": channel.announcements_only,
        "slowMode": channel.slow_mode,
        "linkPreviews": channel.shows_link_previews,
        "role": item.role,
        "lastSeq": channel.last_seq,
        "readSeq": item.read_seq,
        "unread": item.unread,
        "mentions": item.mentions,
        "activeAt": channel.active_at,
    }
    if channel.app is not None:
        data["appId"] = channel.app.number
    if item.peer is not None:
        data["peer"] = profile(item.peer)
        data["peerReadSeq"] = item.peer_read
    if channel.kind == channel.Kind.PUBLIC:
        data["memberCount"] = item.members
    if item.notifications is not None and not item.notifications.is_default:
        data["notifications"] = item.notifications.choice
    if item.muted_until is not None:
        data["muted"] = {} if item.muted_until == NEVER_ENDS else {"until": milliseconds(item.muted_until)}
    if item.starred:
        data["starred"] = True
    return data
