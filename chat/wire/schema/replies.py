"""Data of the commands' replies. Each command names its own by `returns` (`chat.commands.registry`)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import (
    App,
    Channel,
    Count,
    CustomEmoji,
    Envelope,
    FoundChannel,
    Friend,
    Id,
    Kind,
    ListedRestriction,
    Member,
    Mention,
    Message,
    Note,
    OnlineUser,
    Person,
    PinnedMessage,
    Position,
    SavedMessage,
    ScheduledMessage,
    Shape,
    Thread,
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
    doNotDisturbUntil: (
        Annotated[int, Meta(ge=0, title="time", description="Present while you do not want to be disturbed.")]
        | UnsetType
    ) = UNSET
    away: Annotated[bool, Meta(description="True while you say that you are away.")] | UnsetType = UNSET
    uploadMaxBytes: (
        Annotated[int, Meta(description="In an embedded channel where you may upload: the bytes of the largest file.")]
        | UnsetType
    ) = UNSET
    serviceToken: Annotated[str, Meta(description="For a new guest: the token to log in with again.")] | UnsetType = (
        UNSET
    )


class ReportedPosition(Shape):
    position: Annotated[
        int, Meta(title="position", description="This connection has been sent everything up to this position.")
    ]


class MailDigest(Shape):
    """The hours between mails of what you have missed; 0: you get none."""

    hours: int


class Activity(Shape):
    """The activity of the user: `active` while they look at a page."""

    active: bool


class SyncPage(Shape, kw_only=True):
    """Either the events and whether there are more, or `reset`: reload lists and the newest histories."""

    events: list[Envelope] | UnsetType = UNSET
    hasMore: bool | UnsetType = UNSET
    reset: Literal[True] | UnsetType = UNSET
    position: Position


class SentMessage(Shape):
    """Your message as it was stored."""

    target: Id
    id: Id
    seq: Count
    time: Time
    position: Position
    mentions: (
        Annotated[list[Mention], Meta(description="As in the message. Absent in the reply to a retry.")] | UnsetType
    ) = UNSET


class HistoryPage(Shape):
    messages: list[Message]
    notes: list[Note]
    hasMore: bool


class FoundMessages(Shape):
    messages: list[Message]
    next: Id | None


class EditedMessage(Shape, kw_only=True):
    target: Id
    id: Id
    seq: Count
    msg: str
    content: Annotated[str, Meta(description="As in `message.edited`.")] | UnsetType = UNSET
    mentions: (
        Annotated[list[Mention], Meta(description="Present if the text mentions users, or did before.")] | UnsetType
    ) = UNSET
    editedAt: Time
    position: Position


class ChangedMessage(Shape):
    target: Id
    id: Id
    seq: Count
    position: Position


class ReactionReply(Shape):
    """The number of users who have chosen the emoji for the message now."""

    target: Id
    id: Id
    seq: Count
    emoji: Annotated[str, Meta(description="In the form that Unicode recommends.")]
    count: Count
    position: Position


class CustomEmojiList(Shape):
    emoji: Annotated[list[CustomEmoji], Meta(description="In the order of their names.")]


class SlashCommand(Shape):
    """A command that you can call by `/name` in this channel."""

    name: Annotated[str, Meta(description="Without its slash.")]
    hint: Annotated[str, Meta(description="Its arguments, such as `<branch>`.")]
    description: str
    service: Annotated[Person, Meta(description="The bot of a service's command.")] | UnsetType = UNSET


class SlashCommandList(Shape):
    commands: Annotated[list[SlashCommand], Meta(description="Those of the site, then those of services by name.")]


class SlashResult(Shape, kw_only=True):
    """The result of a command, for you alone. You get the pushes that others get as well."""

    command: Annotated[str, Meta(description="Without its slash.")]
    text: Annotated[str, Meta(description="Empty if there is nothing to say. It is not stored.")]
    note: (
        Annotated[
            Literal["invited_nobody", "muted", "muted_until", "unmuted", "dnd", "dnd_off", "away", "away_off", "help"],
            Meta(description="The key of the text, for clients that translate it."),
        ]
        | UnsetType
    ) = UNSET
    name: Annotated[str, Meta(description="The user whom the note is about.")] | UnsetType = UNSET
    until: Time | UnsetType = UNSET
    runId: (
        Annotated[str, Meta(description="A service has been asked. Its answer for you comes as `slash.answer`.")]
        | UnsetType
    ) = UNSET


class ThreadPage(Shape):
    """Answers in ascending order."""

    messages: list[Message]
    hasMore: bool
    root: (
        Annotated[Message, Meta(description="The message that they answer, unless it is deleted or not yours to read.")]
        | UnsetType
    ) = UNSET


class ListedThread(Shape):
    """A thread that you follow, and the message that it answers."""

    target: Id
    thread: Thread
    root: Annotated[Message, Meta(description="As in `thread.history`.")] | UnsetType = UNSET


class ThreadList(Shape):
    threads: list[ListedThread]
    hasMore: bool


class ScheduledReference(Shape):
    id: Id


class ScheduledMessages(Shape):
    messages: list[ScheduledMessage]
    hasMore: bool


class SavedReference(Shape):
    id: Id


class SavedMessages(Shape):
    messages: list[SavedMessage]
    next: Id | None


class SavedIds(Shape):
    ids: list[Id]
    next: Id | None


class MessageReference(Shape):
    target: Id
    id: Id


class PinnedMessages(Shape):
    messages: list[PinnedMessage]
    hasMore: bool


class ChannelPage(Shape):
    channels: list[Channel]
    hasMore: bool


class ChannelReference(Shape):
    target: Id


class MessageReaders(Shape):
    shown: Annotated[bool, Meta(description="False in an app's channel and in large groups, where nobody is listed.")]
    readers: list[Person]
    count: Annotated[int, Meta(ge=0, description="All of them.")]
    hasMore: bool


class TypingNotice(Shape):
    target: Id
    shown: Annotated[
        bool, Meta(description="False if others are not shown it here, or you do not share it. Then stop sending it.")
    ]


class InvitedMembers(Shape):
    target: Id
    added: Annotated[list[Person], Meta(description="The users who were not members before.")]


class MemberPage(Shape):
    members: list[Member]
    hasMore: bool


class FoundChannels(Shape):
    channels: list[FoundChannel]


class MemberRestriction(Shape):
    target: Id
    member: str
    kind: Literal["mute", "ban"]
    until: Time | UnsetType = UNSET


class Restrictions(Shape):
    restrictions: list[ListedRestriction]


class OnlineUsers(Shape):
    online: Annotated[list[OnlineUser], Meta(description="The first 500.")]
    count: Count


class FoundPersons(Shape):
    persons: list[Person]


class Contacts(Shape):
    friends: list[Friend]
    asking: Annotated[list[Person], Meta(description="They sent you a friend request.")]
    asked: Annotated[list[Person], Meta(description="You sent them a friend request.")]
    blocked: list[Person]


class Apps(Shape):
    apps: list[App]


class RenewedWidget(Shape):
    """The time at which an embedded channel's new token expires."""

    expires: Time
