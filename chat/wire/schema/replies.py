"""What each command answers: a shape for the data of its reply. A command that is not here fails a test."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import (
    App,
    Channel,
    Count,
    Envelope,
    FoundChannel,
    Friend,
    Id,
    Kind,
    ListedRestriction,
    Member,
    Message,
    Note,
    Person,
    PinnedMessage,
    Position,
    Shape,
    Time,
)


class LoggedIn(Shape):
    userId: str
    id: Id
    name: str
    avatar: str
    kind: Kind
    appId: int
    appName: str
    target: Annotated[str, Meta(title="id", description="The app's global channel.")]
    position: Position
    serviceToken: Annotated[str, Meta(description="A new guest's, to come back with.")] | UnsetType = UNSET


class Told(Shape):
    position: Annotated[int, Meta(title="position", description="All up to here has been passed to this connection.")]


class Synced(Shape, kw_only=True):
    """Either the events and whether there are more, or `reset`: load lists and newest histories anew."""

    events: list[Envelope] | UnsetType = UNSET
    hasMore: bool | UnsetType = UNSET
    reset: Literal[True] | UnsetType = UNSET
    position: Position


class Stored(Shape):
    target: Id
    id: Id
    seq: Count
    time: Time
    position: Position


class HistoryPage(Shape):
    messages: list[Message]
    notes: list[Note]
    hasMore: bool


class FoundMessages(Shape):
    messages: list[Message]
    next: Id | None


class Edited(Shape):
    target: Id
    id: Id
    seq: Count
    msg: str
    editedAt: Time
    position: Position


class MessagePlace(Shape):
    target: Id
    id: Id
    seq: Count
    position: Position


class OneMessage(Shape):
    target: Id
    id: Id


class Pins(Shape):
    messages: list[PinnedMessage]
    hasMore: bool


class ReadUpTo(Shape):
    target: Id
    readSeq: Count


class Channels(Shape):
    channels: list[Channel]
    hasMore: bool


class ChannelDetail(Shape):
    target: Id


class Invited(Shape):
    target: Id
    added: Annotated[list[Person], Meta(description="Those who were not in it.")]


class Members(Shape):
    members: list[Member]
    hasMore: bool


class FoundChannels(Shape):
    channels: list[FoundChannel]


class Restricted(Shape):
    target: Id
    member: str
    kind: Literal["mute", "ban"]
    until: Time | UnsetType = UNSET


class Restrictions(Shape):
    restrictions: list[ListedRestriction]


class Online(Shape):
    online: Annotated[list[Person], Meta(description="The first 500.")]
    count: Count


class Persons(Shape):
    persons: list[Person]


class Circle(Shape):
    friends: list[Friend]
    asking: Annotated[list[Person], Meta(description="They wait for one's answer.")]
    asked: Annotated[list[Person], Meta(description="One waits for theirs.")]
    blocked: list[Person]


class Apps(Shape):
    apps: list[App]


REPLIES: dict[str, Any] = {
    "login": LoggedIn,
    "heartbeat": Told,
    "ping": Literal["pong"],
    "sync": Synced,
    "message.send": Stored,
    "message.history": HistoryPage,
    "message.search": FoundMessages,
    "message.get": Message,
    "message.edit": Edited,
    "message.recall": MessagePlace,
    "message.pin": MessagePlace,
    "message.unpin": MessagePlace,
    "message.pins": Pins,
    "message.report": OneMessage,
    "read.mark": ReadUpTo,
    "channel.list": Channels,
    "channel.get": Channel,
    "channel.create": Channel,
    "channel.join": Channel,
    "channel.leave": ChannelDetail,
    "channel.invite": Invited,
    "channel.remove": ChannelDetail,
    "channel.rename": Channel,
    "channel.role": ChannelDetail,
    "channel.policy": Channel,
    "channel.transfer": ChannelDetail,
    "channel.members": Members,
    "channel.search": FoundChannels,
    "channel.restrict": Restricted,
    "channel.unrestrict": Restricted,
    "channel.restrictions": Restrictions,
    "presence.list": Online,
    "person.search": Persons,
    "person.block": Person,
    "person.unblock": Person,
    "friend.list": Circle,
    "friend.request": Person,
    "friend.accept": Person,
    "friend.decline": Person,
    "friend.remove": Person,
    "app.list": Apps,
}
