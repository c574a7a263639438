"""Data of the events that change a message, or what is known of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import Count, Id, LinkPreview, Mention, Person, Position, Shape, Time


class MessageEdited(Shape, kw_only=True):
    target: Id
    id: Id
    seq: Count
    msg: str
    content: Annotated[str, Meta(description="Of a message with attachments, or by `/me`: its text.")] | UnsetType = (
        UNSET
    )
    mentions: (
        Annotated[list[Mention], Meta(description="Present if the text mentions users, or did before.")] | UnsetType
    ) = UNSET
    editedAt: Time
    position: Position
    recalled: Annotated[bool, Meta(description="In `sync`: the message has been recalled since.")] | UnsetType = UNSET


class MessagePreviewed(Shape):
    """All previews that a message shows now."""

    target: Id
    id: Id
    seq: Count
    previews: list[LinkPreview]
    position: Position


class MessageRecalled(Shape):
    target: Id
    id: Id
    seq: Count
    by: Person
    time: Time
    position: Position
    threadId: Annotated[str, Meta(description="The message whose thread it belonged to.")] | UnsetType = UNSET
    threadCount: Annotated[int, Meta(ge=0, description="The answers in that thread now.")] | UnsetType = UNSET


class MessagesExpired(Shape):
    target: Id
    seq: Count
    position: Position


class AttachmentsRemoved(Shape):
    target: Id
    id: Id
    seq: Count
    attachments: Annotated[list[str], Meta(description="The ids of the removed files.")]
    position: Position


class AttachmentsExpired(Shape):
    target: Id
    seq: Count
    position: Position


class MessagePinned(Shape):
    target: Id
    id: Id
    seq: Count
    by: Person
    position: Position


class MessageReacted(Shape):
    """A user reacted to a message, or no longer does."""

    target: Id
    id: Id
    seq: Count
    emoji: str
    count: Annotated[int, Meta(ge=0, description="Users who have chosen this emoji for the message now.")]
    by: Person
    position: Position
