"""Data of the events about a user's own marks: read positions, threads, saved messages, quiet time, notifications."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import ChannelNotifications, Count, Id, Shape, Time


class ReadPosition(Shape):
    target: Id
    readSeq: Count


class ReadSeen(ReadPosition):
    userId: str


class ThreadMark(Shape):
    """Your relation to a thread: following or not, and the number up to which you have read it."""

    target: Id
    threadId: Id
    follows: bool
    readSeq: Count


class SavedMark(Shape):
    """A message that you have saved."""

    target: Id
    id: Id
    savedAt: Annotated[int, Meta(ge=0, title="time", description="Absent once it is saved no more.")] | UnsetType = (
        UNSET
    )


class ChannelStar(Shape):
    target: Id
    starred: bool


class DoNotDisturb(Shape):
    until: Annotated[Time, Meta(description="Absent if you can be disturbed.")] | UnsetType = UNSET


class NotificationsChanged(Shape):
    target: Id
    notifications: ChannelNotifications


class SidebarSection(Shape):
    """A section of your own in the list of channels."""

    name: str
    channels: Annotated[list[Id], Meta(description="In their order. You may have left some of them meanwhile.")]


class SidebarArrangement(Shape):
    """Your own arrangement of your list of channels."""

    revision: Annotated[Count, Meta(description="Grows with each change; 0: you have changed nothing yet.")]
    sort: Annotated[Literal["latest", "name", "unread"], Meta(description="Of the channels that are in no section.")]
    sections: list[SidebarSection]
