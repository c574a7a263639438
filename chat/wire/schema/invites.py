"""Objects, replies and pushes of invite links and requests to join. See `chat.wire.schema.objects`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import Channel, Count, Id, Person, Position, Shape, Time


class Invite(Shape):
    """A link to join a group, as its owners and admins see it."""

    id: Id
    target: Annotated[str, Meta(title="id", description="The group.")]
    by: Person
    time: Time
    uses: Annotated[int, Meta(ge=0, description="Users who joined by it, and open requests.")]
    needsApproval: Annotated[bool, Meta(description="Its users join once a manager has approved it.")]
    token: (
        Annotated[
            str,
            Meta(
                description="The secret of the link: the page's address is `/#join/<token>`. Absent after the site's"
                " key has changed."
            ),
        ]
        | UnsetType
    ) = UNSET
    expiresAt: Annotated[int, Meta(ge=0, title="time", description="Absent without an end.")] | UnsetType = UNSET
    maxUses: Annotated[int, Meta(ge=1, description="Absent without a limit.")] | UnsetType = UNSET


class Invites(Shape):
    invites: Annotated[list[Invite], Meta(description="Those that can be used, the newest first.")]


class InviteReference(Shape):
    target: Id
    id: Id


class Invitation(Shape):
    """A group to which a link invites you."""

    target: Id
    name: str
    memberCount: Count
    by: Annotated[Person, Meta(description="The maker of the link.")]
    state: Annotated[
        Literal["open", "approval", "requested", "member"],
        Meta(description="You can join; you can ask to join; you have asked; you are a member."),
    ]
    picture: Annotated[str, Meta(description="The path of its picture on the site, if it has one.")] | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class InviteAccepted(Shape):
    """The result of a link: you are a member of `channel`, or your request waits for a manager."""

    state: Literal["member", "requested"]
    channel: Channel | UnsetType = UNSET


class QrCode(Shape):
    """A QR code as the path of an SVG, whose view box is `size` wide and high, with the quiet zone."""

    size: Annotated[int, Meta(ge=21)]
    path: str


class JoinRequest(Shape):
    """An open request to join a group."""

    id: Id
    who: Person
    time: Time


class JoinRequests(Shape):
    requests: Annotated[list[JoinRequest], Meta(description="The oldest first.")]
    hasMore: bool


class Withdrawal(Shape):
    """A request to join that its user has withdrawn."""

    target: Id


class JoinDecision(Shape):
    target: Id
    member: str
    approved: bool


class JoinRequested(Shape):
    target: Id
    who: Person
    position: Position


class JoinDecided(Shape):
    target: Id
    name: Annotated[str, Meta(description="The group's own name, maybe empty.")]
    who: Person
    by: Person
    approved: bool
    position: Position
