"""Builds the data of messages, their files, previews and threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from chat import rules
from chat.models import Attachment, Channel, LinkPreview, Message, Pin
from chat.payloads.users import person
from chat.selectors.message_details import MessageDetails
from chat.selectors.threads import ThreadSummary

ORIGIN_CHANNEL_FIELDS = ("target", "id", "seq")
"""The fields of a `ForwardOrigin` that are of its channel."""


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


def pin(row: Pin) -> dict[str, Any]:
    """Return a `PinnedMessage`."""
    return message(row.message, row.message.sender) | {"pinnedBy": person(row.pinned_by), "pinnedAt": row.pinned_at}
