"""Objects that the data of replies and pushes consists of.

Answering code does not instantiate these structs: `chat.payloads` builds plain dicts from rows. The structs describe
those dicts: the protocol page shows them, and tests compare them with everything that is sent. A member of `UnsetType`
may be absent.
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
    """A user, a guest or a service account."""

    userId: str
    id: Id
    name: str
    avatar: str
    kind: Kind
    status: str | UnsetType = UNSET
    active: (
        Annotated[bool, Meta(description="False if the account is not active: the user cannot be reached.")] | UnsetType
    ) = UNSET


Away = Annotated[bool, Meta(description="True for a user who is online and away.")]


class OnlineUser(Person, kw_only=True):
    """A user who is online."""

    away: Away | UnsetType = UNSET


class Member(Person, kw_only=True):
    """A member of a group."""

    role: Role
    online: bool
    away: Away | UnsetType = UNSET


class Friend(Person, kw_only=True):
    """A friend, and whether they are online on any app."""

    online: bool
    away: Away | UnsetType = UNSET


class CustomEmoji(Shape):
    """An emoji of this site. Texts and reactions have its name between colons, such as `:shipped:`."""

    name: str
    url: Annotated[str, Meta(description="The path of its picture on the site, which never changes.")]
    width: Annotated[int, Meta(ge=1, description="Pixels.")]
    height: Annotated[int, Meta(ge=1, description="Pixels.")]


class Reaction(Shape):
    """An emoji that users chose for a message. It stays with `count` 0 when the last one removes it."""

    emoji: Annotated[str, Meta(description="An emoji, or the name of a custom one between colons.")]
    count: Count
    mine: Annotated[bool, Meta(description="You are one of them.")]
    users: Annotated[list[Person], Meta(description="The first ten of them.")]
    position: Annotated[int, Meta(ge=0, title="position", description="That of the last event about it.")]


class Thread(Shape):
    """The answers to a message, as one user sees them."""

    id: Annotated[str, Meta(description="The id of the message that they answer.")]
    count: Annotated[int, Meta(ge=0, description="Answers that are not recalled.")]
    lastSeq: Annotated[int, Meta(ge=1, description="The number of the last answer in the channel.")]
    lastAt: Time
    position: Annotated[int, Meta(ge=0, title="position", description="That of the last event about the count.")]
    follows: Annotated[
        bool,
        Meta(description="You answered, were mentioned in an answer, its first message is yours, or you chose to."),
    ]
    readSeq: Count
    unread: Annotated[int, Meta(ge=0, description="Answers of others after `readSeq`; 0 if you do not follow it.")]


class Attachment(Shape):
    """A file of a message. It can be downloaded by those who may read the message."""

    id: Annotated[str, Meta(description="Given by the upload.")]
    name: str
    type: Annotated[str, Meta(description="The MIME type, found in the content.")]
    kind: Literal["image", "video", "audio", "file"]
    size: Annotated[int, Meta(ge=1, description="Bytes.")]
    sha256: str
    url: Annotated[str, Meta(description="Its path on the site.")]
    thumbnail: Annotated[str, Meta(description="The path of a smaller WebP picture.")] | UnsetType = UNSET
    width: Annotated[int, Meta(ge=1, description="Pixels.")] | UnsetType = UNSET
    height: Annotated[int, Meta(ge=1, description="Pixels.")] | UnsetType = UNSET
    duration: Annotated[int, Meta(ge=0, description="Milliseconds.")] | UnsetType = UNSET
    preview: (
        Annotated[str, Meta(description="A tiny WebP picture as Base64, to show until the file is loaded.")] | UnsetType
    ) = UNSET
    removed: Annotated[bool, Meta(description="It has been removed: it has no content any more.")] | UnsetType = UNSET


class Mention(Shape, kw_only=True):
    """A user whom a message mentions, or all members of the channel. It stays right when the user is renamed."""

    id: Annotated[str, Meta(pattern="^[0-9]+$", title="id", description="Absent for `@all`.")] | UnsetType = UNSET
    name: Annotated[str, Meta(description="The name as it stands in the text after the `@`.")]


class LinkPreview(Shape):
    """The description of a page that a message links to, in the page's own words: show them as text."""

    id: Annotated[str, Meta(description="Names it in `message.remove_preview`.")]
    url: Annotated[str, Meta(description="The address in the message's text.")]
    title: str
    siteName: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    picture: Annotated[str, Meta(description="The path of a small WebP picture on the site.")] | UnsetType = UNSET
    width: Annotated[int, Meta(ge=1, description="Pixels of the picture.")] | UnsetType = UNSET
    height: Annotated[int, Meta(ge=1, description="Pixels of the picture.")] | UnsetType = UNSET


class ForwardOrigin(Shape, rename={"from_": "from"}, kw_only=True):
    """The message that a forwarded one repeats, as it was when it was forwarded first.

    Its channel is named only if all receivers can know it: a group that everyone can find and open, the global channel
    of an app, the channel itself, or in a private channel a group of both users.
    """

    from_: Annotated[str, Meta(description="The user name of its sender.")]
    fromId: Id
    name: str
    time: Time
    target: Annotated[str, Meta(title="id", description="Its channel.")] | UnsetType = UNSET
    id: Id | UnsetType = UNSET
    seq: Annotated[int, Meta(ge=0, description="Its number within that channel.")] | UnsetType = UNSET


class Message(Shape, rename={"from_": "from"}, kw_only=True):
    """A message. A recalled message has no text and no attachments."""

    target: Annotated[str, Meta(description="The channel. Empty for a message that belongs to no channel.")]
    type: Annotated[Literal["text", "file", "picture", "voice"], Meta(description="`file`: it has attachments.")]
    msg: Annotated[str, Meta(description="The text. Of other types a text to show instead, such as `[photo.jpg]`.")]
    content: (
        Annotated[
            str,
            Meta(
                description="Of a `file` the text beside it, maybe empty; of a forwarded text the text itself; with"
                " `action` the text without the name; of pictures and voice messages of former versions the bytes, as"
                " Base64."
            ),
        ]
        | UnsetType
    ) = UNSET
    action: (
        Annotated[
            Literal[True],
            Meta(description="Sent by `/me`: `content` says what the sender does, and `msg` is `* name content`."),
        ]
        | UnsetType
    ) = UNSET
    attachments: list[Attachment] | UnsetType = UNSET
    mentions: (
        Annotated[list[Mention], Meta(description="Those who can read the message, if it mentions any.")] | UnsetType
    ) = UNSET
    previews: (
        Annotated[list[LinkPreview], Meta(description="Of pages that it links to, once the site has loaded them.")]
        | UnsetType
    ) = UNSET
    forwarded: (
        Annotated[ForwardOrigin, Meta(description="Of a forwarded message; `msg` then begins with the name.")]
        | UnsetType
    ) = UNSET
    from_: Annotated[str, Meta(description="The sender's user name.")]
    fromId: Id
    name: str
    avatar: str
    id: Id
    seq: Annotated[int, Meta(ge=0, description="The message's number within the channel.")]
    time: Time
    position: Position | UnsetType = UNSET
    replyTo: Id | UnsetType = UNSET
    replySeq: Count | UnsetType = UNSET
    editedAt: Time | UnsetType = UNSET
    recalled: bool | UnsetType = UNSET
    threadId: Annotated[str, Meta(description="The message whose thread it belongs to.")] | UnsetType = UNSET
    threadOnly: (
        Annotated[bool, Meta(description="Only the thread shows it: it does not count as unread in the channel.")]
        | UnsetType
    ) = UNSET
    threadCount: (
        Annotated[int, Meta(ge=0, description="In pushes, histories and `message.get`: the answers in its thread.")]
        | UnsetType
    ) = UNSET
    thread: (
        Annotated[Thread, Meta(description="In histories and `message.get`: its thread, if it has answers.")]
        | UnsetType
    ) = UNSET
    reactions: (
        Annotated[list[Reaction], Meta(description="In histories and `message.get`, if there are any.")] | UnsetType
    ) = UNSET


class ScheduledRefusal(Shape):
    """The refusal of a scheduled message that was due."""

    code: int
    reason: Annotated[str, Meta(description="As in the reply to a refused command, and so is `data`.")]
    data: dict[str, Any]


class ScheduledMessage(Shape):
    """A message of yours that is sent at a later time. It keeps its id until it is sent."""

    id: Id
    target: Annotated[str, Meta(title="id", description="The channel.")]
    msg: str
    at: Annotated[int, Meta(ge=0, title="time", description="When it is sent.")]
    attachments: list[Attachment]
    replyTo: Id | UnsetType = UNSET
    threadId: Id | UnsetType = UNSET
    threadOnly: bool | UnsetType = UNSET
    refusal: (
        Annotated[ScheduledRefusal, Meta(description="It was refused when it was due, and is sent only on demand.")]
        | UnsetType
    ) = UNSET


class ScheduledChanged(Shape):
    """A scheduled message of yours, or only the id of one that was sent or cancelled."""

    id: Id
    message: ScheduledMessage | UnsetType = UNSET


class PinnedMessage(Message, kw_only=True):
    """A pinned message."""

    pinnedBy: Person
    pinnedAt: Time


class SavedMessage(Message, kw_only=True):
    """A message that you have saved for later."""

    savedAt: Time


class Note(Shape):
    """A system note of a channel, shown after the message with number `seq`. It does not count as unread."""

    target: Id
    note: Literal[
        "created", "joined", "invited", "left", "removed", "renamed", "topic", "description", "picture", "role",
        "policy", "closed", "reopened",
    ]  # fmt: skip
    by: Person
    who: Annotated[list[Person], Meta(description="The users that the note is about.")]
    value: Annotated[str, Meta(description="The new name, topic or role.")]
    seq: Count
    time: Time
    position: Position


class Muted(Shape):
    """You are muted. Without `until` the mute has no end."""

    until: Time | UnsetType = UNSET


class ChannelNotifications(Shape):
    """Your own setting of a channel's notifications, for all your devices."""

    level: Annotated[
        Literal["default", "all", "mentions", "none"],
        Meta(
            description="The messages to notify you of. `default`: as the device is set for all channels; `mentions`: "
            "those that mention you, and answers in threads that you follow."
        ),
    ]
    muted: Annotated[
        bool, Meta(description="It is not to be shown as unread, except for mentions, and notifies of nothing else.")
    ]


class Channel(Shape):
    """A channel as the user sees it."""

    target: Id
    kind: Literal["global", "public", "private"]
    name: Annotated[
        str,
        Meta(description="The name to show: of a private channel the other user's, of an unnamed group its members'."),
    ]
    join: Join
    listed: Annotated[bool, Meta(description="True if users who are not in it can find it.")]
    closed: Annotated[bool, Meta(description="A closed channel accepts no messages.")]
    history: Annotated[
        str, Meta(description="`all`: members can read messages from before they joined; `joined`: only later ones.")
    ]
    announcementsOnly: Annotated[bool, Meta(description="Only owners and admins can write.")]
    slowMode: Annotated[int, Meta(description="Seconds that other members must wait between two messages.")]
    linkPreviews: Annotated[
        bool, Meta(description="Links get previews. In a private channel each sender's account decides instead.")
    ]
    role: Role | None
    lastSeq: Count
    readSeq: Count
    unread: Count
    mentions: Annotated[int, Meta(ge=0, description="Unread messages that mention you.")]
    activeAt: Time
    topic: Annotated[str, Meta(description="One line to show above the messages, if it has one.")] | UnsetType = UNSET
    description: Annotated[str, Meta(description="If it has one; it may have several lines.")] | UnsetType = UNSET
    picture: Annotated[str, Meta(description="The path of its picture on the site, if it has one.")] | UnsetType = UNSET
    appId: Annotated[int, Meta(description="Of a global channel.")] | UnsetType = UNSET
    peer: Annotated[Person, Meta(description="The other user of a private channel.")] | UnsetType = UNSET
    peerReadSeq: (
        Annotated[int | None, Meta(description="How far the other user has read, if they share it.")] | UnsetType
    ) = UNSET
    memberCount: Annotated[int, Meta(description="Of a group.")] | UnsetType = UNSET
    muted: Annotated[Muted, Meta(description="Present while you are muted.")] | UnsetType = UNSET
    notifications: (
        Annotated[ChannelNotifications, Meta(description="Absent while it is `default` and not muted.")] | UnsetType
    ) = UNSET
    joinRequests: (
        Annotated[int, Meta(ge=1, description="Open requests to join, for its owners and admins; absent without any.")]
        | UnsetType
    ) = UNSET
    starred: Annotated[bool, Meta(description="True for a favourite of yours, else absent.")] | UnsetType = UNSET
    existed: (
        Annotated[bool, Meta(description="In the reply to `channel.create`: the channel existed before.")] | UnsetType
    ) = UNSET


class FoundChannel(Shape):
    """A group that you can join."""

    target: Id
    name: str
    memberCount: Count
    join: Join
    picture: Annotated[str, Meta(description="The path of its picture on the site, if it has one.")] | UnsetType = UNSET


class App(Shape):
    """A platform. All users who are on it are in its global channel."""

    appId: int
    name: str
    target: Id


class Restriction(Shape):
    """A mute or a ban, or its end. Without `target` it is site-wide, without `until` it has no end."""

    kind: Literal["mute", "unmute", "ban", "unban"]
    target: Id | UnsetType = UNSET
    until: Time | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ListedRestriction(Restriction, kw_only=True):
    """A restriction in a group, as the group's owners and admins see it."""

    who: Person
    by: Person


class Envelope(Shape):
    """A push, in the form in which it is sent live."""

    seq: str
    cmd: str
    response: dict[str, Any]
