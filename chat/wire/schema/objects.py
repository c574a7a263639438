"""What the data of replies and pushes is made of.

Nothing is built of these classes: `chat.payloads` makes plain dicts of rows. They are what the protocol page shows, and
what the tests hold everything against that crosses a wire. A member of `UnsetType` may be absent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Id = Annotated[str, Meta(pattern="^[0-9]+$", title="id")]
Position = Annotated[int, Meta(ge=0, title="position")]
Time = Annotated[int, Meta(ge=0, title="time")]
Count = Annotated[int, Meta(ge=0, title="number")]
Role = Literal["owner", "admin", "member"]
Kind = Literal["person", "guest", "service"]
Join = Literal["open", "invite", "closed"]


class Shape(Struct, kw_only=True, forbid_unknown_fields=True):
    """An object of the protocol."""


class Person(Shape):
    """Somebody."""

    userId: str
    id: Id
    name: str
    avatar: str
    kind: Kind
    status: str | UnsetType = UNSET


class Member(Person, kw_only=True):
    """Somebody in a group."""

    role: Role
    online: bool


class Friend(Person, kw_only=True):
    """A friend; online on whichever app."""

    online: bool


class Message(Shape, rename={"from_": "from"}, kw_only=True):
    """A message. A recalled one has no text."""

    target: Annotated[str, Meta(description="The channel; empty for what stands in none.")]
    type: Literal["text", "picture", "voice"]
    msg: str
    content: Annotated[str, Meta(description="Of a picture or voice message: its bytes, as Base64.")] | UnsetType = (
        UNSET
    )
    from_: Annotated[str, Meta(description="The name of who wrote it.")]
    fromId: Id
    name: str
    avatar: str
    id: Id
    seq: Annotated[int, Meta(ge=0, description="Its number in the channel.")]
    time: Time
    position: Position | UnsetType = UNSET
    replyTo: Id | UnsetType = UNSET
    replySeq: Count | UnsetType = UNSET
    editedAt: Time | UnsetType = UNSET
    recalled: bool | UnsetType = UNSET


class PinnedMessage(Message, kw_only=True):
    """A message that is kept in sight."""

    pinnedBy: Person
    pinnedAt: Time


class Note(Shape):
    """Something that happened to a channel, standing after its message number `seq`. It does not count as unread."""

    target: Id
    note: Literal["created", "joined", "invited", "left", "removed", "renamed", "role", "policy", "closed", "reopened"]
    by: Person
    who: Annotated[list[Person], Meta(description="Whom it is about.")]
    value: Annotated[str, Meta(description="The new name or role.")]
    seq: Count
    time: Time
    position: Position


class Muted(Shape):
    """One may say nothing; without `until` for good."""

    until: Time | UnsetType = UNSET


class Channel(Shape):
    """A channel as one sees it."""

    target: Id
    kind: Literal["global", "public", "private"]
    name: Annotated[
        str, Meta(description="To be shown: a private channel has the other's, a group without one its members'.")
    ]
    join: Join
    listed: Annotated[bool, Meta(description="Whether strangers find it.")]
    closed: Annotated[bool, Meta(description="Nobody writes in it any more.")]
    history: Annotated[str, Meta(description="What members read of the time before they came.")]
    announcementsOnly: Annotated[bool, Meta(description="Only owners and admins write.")]
    slowMode: Annotated[int, Meta(description="Seconds that others wait between two messages.")]
    role: Role | None
    lastSeq: Count
    readSeq: Count
    unread: Count
    activeAt: Time
    appId: Annotated[int, Meta(description="Of a global channel.")] | UnsetType = UNSET
    peer: Annotated[Person, Meta(description="The other of a private channel.")] | UnsetType = UNSET
    peerReadSeq: (
        Annotated[int | None, Meta(description="How far they have read, where they share that.")] | UnsetType
    ) = UNSET
    memberCount: Annotated[int, Meta(description="Of a group.")] | UnsetType = UNSET
    muted: Annotated[Muted, Meta(description="If one is.")] | UnsetType = UNSET
    existed: Annotated[bool, Meta(description="In the reply to `channel.create`: it was there before.")] | UnsetType = (
        UNSET
    )


class FoundChannel(Shape):
    """A group that one may join."""

    target: Id
    name: str
    memberCount: Count
    join: Join


class App(Shape):
    """A platform; everybody on it is in its global channel."""

    appId: int
    name: str
    target: Id


class Restriction(Shape):
    """What somebody may not do. Without `target` everywhere, without `until` for good."""

    kind: Literal["mute", "unmute", "ban", "unban"]
    target: Id | UnsetType = UNSET
    until: Time | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ListedRestriction(Restriction, kw_only=True):
    """One of a group's, as its owners and admins see it."""

    who: Person
    by: Person


class Envelope(Shape):
    """A push, as it came or would have come."""

    seq: str
    cmd: str
    response: dict[str, Any]
