"""`channels/…`: the channels of a service, and all groups with `chat.manage_channels`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.selectors.users import users_by_names
from chat import payloads, reasons, selectors
from chat.actions import channel as channels
from chat.actions import channel_settings, service_channel
from chat.actions.channel_picture import channel_set_picture
from chat.actions.idempotency import run_once
from chat.actions.service_access import access_for_service, manages_groups
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.schema import AppNumber, Count, Id, Milliseconds, Person, Shape, UserName, number
from chat.errors import ChatError
from chat.rules import (
    MAX_CHANNEL_NAME_LENGTH,
    MAX_DESCRIPTION_LENGTH,
    MAX_SLOW_MODE_SECONDS,
    MAX_TOPIC_LENGTH,
)
from chat.selectors.services import channels_page

KINDS = ("global", "public", "private")
Kind = Literal["global", "public", "private"]
Join = Annotated[
    Literal["open", "invite", "closed"],
    Meta(description="`open`: anyone can join; `invite`: members add users; `closed`: managers add users."),
]
History = Annotated[
    Literal["joined", "all"],
    Meta(description="`all`: new members can read everything; `joined`: messages since they joined."),
]
ChannelName = Annotated[str, Meta(max_length=MAX_CHANNEL_NAME_LENGTH)]
Topic = Annotated[str, Meta(max_length=MAX_TOPIC_LENGTH, description="One line above the messages.")]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION_LENGTH)]
SlowMode = Annotated[
    int, Meta(ge=0, le=MAX_SLOW_MODE_SECONDS, description="Slow mode: seconds between two messages of a member.")
]

PAINTERS = {
    "target": "31", "kind": "public", "name": "Painters", "join": "invite", "listed": False, "closed": False,
    "history": "joined", "announcementsOnly": False, "slowMode": 0, "linkPreviews": False, "role": "owner",
    "lastSeq": 12, "readSeq": 12, "unread": 0, "activeAt": 1795168800000, "memberCount": 3,
}  # fmt: skip


NotificationLevel = Annotated[
    Literal["default", "all", "mentions", "none"],
    Meta(description="The messages to be notified of. `default`: as the device is set for all channels."),
]


class ChannelNotifications(Shape):
    """A user's setting of a channel's notifications."""

    level: NotificationLevel
    muted: Annotated[bool, Meta(description="It is not to be shown as unread, except for mentions.")]


class Channel(Shape):
    """A channel as the calling service sees it; `role` is null where it is not a member."""

    target: Id
    kind: Kind
    name: str
    join: Join
    listed: bool
    closed: bool
    history: History
    announcementsOnly: bool
    slowMode: Count
    linkPreviews: Annotated[bool, Meta(description="Links get previews. In a private channel each sender decides.")]
    role: str | None
    lastSeq: Annotated[Count, Meta(description="The sequence number of the last message.")]
    readSeq: Count
    unread: Count
    activeAt: Milliseconds
    appId: AppNumber | None = None
    peer: Person | None = None
    memberCount: Count | None = None
    notifications: (
        Annotated[ChannelNotifications, Meta(description="The service's own, if not the defaults.")] | None
    ) = None
    starred: Annotated[bool, Meta(description="A favourite of the service.")] | None = None
    joinRequests: Annotated[Count, Meta(description="Open requests to join, for managers.")] | None = None
    topic: Annotated[str, Meta(description="Absent if it has none, and so is `description`.")] | None = None
    description: str | None = None
    picture: Annotated[str, Meta(description="The path of its picture on the site, if it has one.")] | None = None


class ChannelPage(Shape):
    results: list[Channel]
    next: str | None


class NewChannel(Shape):
    """A group, or the private channel with one user."""

    kind: Literal["public", "private"]
    name: ChannelName = ""
    members: Annotated[list[UserName], Meta(max_length=1000)] = msgspec.field(default_factory=list)
    join: Join = "invite"
    listed: bool = False


class ChannelChanges(Shape):
    """Absent fields are not changed."""

    name: ChannelName | None = None
    join: Join | None = None
    listed: bool | None = None
    history: History | None = None
    announcementsOnly: bool | None = None
    slowMode: SlowMode | None = None
    linkPreviews: bool | None = None
    closed: bool | None = None
    topic: Topic | None = None
    description: Description | None = None


class ChannelListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_channel", "POST": "chat.add_channel"}

    @described(
        "List channels",
        gives={200: ChannelPage},
        query=(
            OpenApiParameter("kind", OpenApiTypes.STR, enum=KINDS, description="Only channels of this kind."),
            OpenApiParameter("q", OpenApiTypes.STR, description="Part of the channel's own name."),
            LIMIT,
            CURSOR,
        ),
        got={"One group": {"results": [PAINTERS], "next": None}},
        tag="channels",
    )
    def get(self, request: Request) -> Response:
        """List channels by id: those the service is a member of, the global channels, and with `chat.manage_channels`
        every group.
        """
        page = pagination.requested_page(request)
        kind = request.query_params.get("kind", "")
        if kind and kind not in KINDS:
            raise ChatError(reasons.KIND_UNKNOWN, field="kind")
        found, more = channels_page(
            request.user,
            manages=manages_groups(request.user),
            after=page.number,
            limit=page.limit,
            kind=kind,
            name=request.query_params.get("q", "")[:MAX_CHANNEL_NAME_LENGTH].replace("\0", ""),
        )
        results = [payloads.channel(item) for item in found]
        return answer(pagination.page_body(results, next=found[-1].channel.pk if more else None))

    @described(
        "Create a channel",
        takes=NewChannel,
        gives={201: Channel, 200: Channel},
        refuses=(404,),
        sent={
            "A group": {"kind": "public", "name": "Painters", "members": ["alice", "bob"]},
            "With one user": {"kind": "private", "members": ["alice"]},
        },
        got={"Made": PAINTERS},
        idempotent=True,
        tag="channels",
    )
    def post(self, request: Request) -> Response:
        """Create a group, owned by the service, or the private channel with a user.

        An existing private channel answers 200.
        """
        data = self.body(request, NewChannel)
        existed = False

        def make() -> dict[str, Any]:
            nonlocal existed
            channel_id, existed = _create_or_find(request, data)
            return channel_body(request, channel_id)

        body, repeated = run_once(self.idempotency(request, data), make)
        return answer(body, 200 if repeated or existed else 201)


class ChannelDetailView(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "chat.view_channel",
        "PATCH": "chat.change_channel",
        "DELETE": "chat.delete_channel",
    }

    @described("Get a channel", gives={200: Channel}, refuses=(404,), got={"A group": PAINTERS}, tag="channels")
    def get(self, request: Request, channel_id: str) -> Response:
        """Return a channel that the service may read."""
        return answer(channel_body(request, number(channel_id)))

    @described(
        "Change a group",
        takes=ChannelChanges,
        gives={200: Channel},
        refuses=(404, 409),
        sent={
            "Rename": {"name": "Ink painters"},
            "Calm down": {"slowMode": 10},
            "Tell": {"topic": "Exhibition on 3 May"},
        },
        got={"Changed": PAINTERS | {"name": "Ink painters"}},
        tag="channels",
    )
    def patch(self, request: Request, channel_id: str) -> Response:
        """Change name and settings as an owner or admin; `history`, `linkPreviews` and `closed` only as an owner.

        All changes or none are made.
        """
        data, target = self.body(request, ChannelChanges), number(channel_id)
        service_channel.channel_change(
            user=request.user,
            channel_id=target,
            name=data.name,
            closed=data.closed,
            join=data.join,
            listed=data.listed,
            history=data.history,
            announcements_only=data.announcementsOnly,
            slow_mode=data.slowMode,
            link_previews=data.linkPreviews,
            topic=data.topic,
            description=data.description,
        )
        return answer(channel_body(request, target))

    @described("Close a group", gives={204: None}, refuses=(404,), tag="channels")
    def delete(self, request: Request, channel_id: str) -> Response:
        """Close the group: it accepts no more messages and stays readable for its members.

        PATCH `closed` false opens it again.
        """
        channel_settings.channel_close(user=request.user, channel_id=number(channel_id))
        return answer(status=204)


class PictureRequest(Shape):
    attachment: Annotated[str, Meta(min_length=1, max_length=32, description="The id of an upload of the service.")]


class ChannelPictureView(Endpoint):
    permissions: ClassVar[Permissions] = {"PUT": "chat.change_channel", "DELETE": "chat.change_channel"}

    @described(
        "Set the picture of a group",
        takes=PictureRequest,
        gives={200: Channel},
        refuses=(404, 409),
        sent={"An upload": {"attachment": "q1w2e3r4t5y6u7i8o9p0aa"}},
        got={"Set": PAINTERS | {"picture": "/group-pictures/q1w2….webp"}},
        tag="channels",
    )
    def put(self, request: Request, channel_id: str) -> Response:
        """Make an uploaded picture that of a group, as an owner or admin. The upload is used up."""
        data, target = self.body(request, PictureRequest), number(channel_id)
        channel_set_picture(user=request.user, channel_id=target, attachment=data.attachment)
        return answer(channel_body(request, target))

    @described("Remove the picture of a group", gives={204: None}, refuses=(404, 409), tag="channels")
    def delete(self, request: Request, channel_id: str) -> Response:
        """Remove the picture of a group, as an owner or admin."""
        channel_set_picture(user=request.user, channel_id=number(channel_id), attachment=None)
        return answer(status=204)


def channel_body(request: Request, channel_id: int) -> dict[str, Any]:
    """Return a channel as the caller sees it now. Raise ChatError CHANNEL_NOT_FOUND if the caller may not read it."""
    return payloads.channel(selectors.channel_summary(request.user, access_for_service(request.user, channel_id)))


def _create_or_find(request: Request, data: NewChannel) -> tuple[int, bool]:
    """Create or find the channel; return its id and whether it existed."""
    if data.kind == "public":
        group = channels.channel_create_group(
            creator=request.user, name=data.name, members=data.members, join=data.join, listed=data.listed
        )
        return group.pk, False
    if len(data.members) != 1:
        raise ChatError(reasons.ONE_MEMBER_REQUIRED, field="members")
    [name] = data.members
    other = users_by_names([name]).get(name)
    if other is None:
        raise ChatError(reasons.USER_NOT_FOUND, userId=name)
    channel, new = channels.channel_create_private(creator=request.user, other=other)
    return channel.pk, not new
