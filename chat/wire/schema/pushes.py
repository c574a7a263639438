"""What comes unasked: each push with a shape for its data. One that is not here fails a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import Count, Id, Kind, Message, Note, Person, Position, Restriction, Shape, Time


class Came(Shape, rename={"from_": "from"}):
    """Who came to an app or left it, with a sentence for clients that show it as a message."""

    target: Annotated[str, Meta(title="id", description="The app's global channel.")]
    type: str
    msg: str
    from_: str
    fromId: Id
    name: str
    avatar: str
    kind: Kind


class MessageEdited(Shape):
    target: Id
    id: Id
    seq: Count
    msg: str
    editedAt: Time
    position: Position
    recalled: Annotated[bool, Meta(description="Fetched later, when it had been taken back.")] | UnsetType = UNSET


class MessageRecalled(Shape):
    target: Id
    id: Id
    seq: Count
    by: Person
    time: Time
    position: Position


class MessagePinned(Shape):
    target: Id
    id: Id
    seq: Count
    by: Person
    position: Position


class ReadMoved(Shape):
    target: Id
    readSeq: Count


class ReadSeen(ReadMoved):
    userId: str


class Related(Shape):
    by: Person
    who: Person
    position: Position


class PersonChanged(Shape):
    who: Person
    status: str
    position: Position | UnsetType = UNSET


class Restricted(Restriction):
    position: Position | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Announced:
    """`lasts`: it stands in the log, so `sync` brings it to who was away; else only who is there hears it."""

    about: str
    data: type[Shape]
    lasts: bool = True


PUSHES: dict[str, Announced] = {
    "msg": Announced("Somebody said something. Not to the connection that sent it.", Message),
    "message.edited": Announced("The text of a message is another now.", MessageEdited),
    "message.recalled": Announced("A message was taken back; its place stays.", MessageRecalled),
    "message.pinned": Announced("A message is kept in sight.", MessagePinned),
    "message.unpinned": Announced("It no longer is.", MessagePinned),
    "channel.note": Announced(
        "Something happened to a channel. Who comes hears of it first by the note of their own joining; for who leaves "
        "or is removed, that note is the last.",
        Note,
    ),
    "restriction": Announced("What one may not do, or may again.", Restricted),
    "friend.requested": Announced("`by` asks `who` to be friends; both hear it.", Related),
    "friend.accepted": Announced("They are friends; both hear it.", Related),
    "friend.removed": Announced("They no longer are, or a request was taken back or declined.", Related),
    "person.blocked": Announced("One blocks somebody; one's own devices hear it.", Related),
    "person.unblocked": Announced("One no longer does.", Related),
    "person.changed": Announced(
        "One's own profile is another now, or that of somebody with whom one shares a channel or a friendship; once "
        "for each such group. `who` and `status` are the present ones. In an app's room it has no position, and those "
        "with many people do not get it.",
        PersonChanged,
    ),
    "read.mark": Announced("One has read further on another device.", ReadMoved, lasts=False),
    "read.seen": Announced("The other of a private channel has read further.", ReadSeen, lasts=False),
    "enter": Announced("Somebody came to one's app.", Came, lasts=False),
    "exit": Announced("Somebody left it.", Came, lasts=False),
}
