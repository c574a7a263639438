"""Registry of events: each kind is declared here, once, with all its properties.

An event is an entry of the event log or, if its kind is not logged, a push that only connected clients get. Code refers
to a kind by its constant, such as `MESSAGE_EDITED.name`. Pushes, `sync`, webhooks, the search index, the protocol page,
the OpenAPI document and the tests of an event's recipients are derived from `EVENTS`. The names are stored and sent, so
they never change.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.activity import AppPresence, PersonOnApp, PresenceChanged, PresenceMode, SlashAnswer, Typing
from chat.wire.schema.event_kind import Clients, EventKind, WebhookEvent
from chat.wire.schema.invites import JoinDecided, JoinRequested
from chat.wire.schema.marks import (
    ChannelStar,
    DoNotDisturb,
    NotificationsChanged,
    ReadPosition,
    ReadSeen,
    SavedMark,
    SidebarArrangement,
    ThreadMark,
)
from chat.wire.schema.message_changes import (
    AttachmentsExpired,
    AttachmentsRemoved,
    MessageEdited,
    MessagePinned,
    MessagePreviewed,
    MessageReacted,
    MessageRecalled,
    MessagesExpired,
)
from chat.wire.schema.objects import (
    CustomEmoji,
    Message,
    Note,
    Person,
    Position,
    Restriction,
    ScheduledChanged,
    Shape,
)


class EmojiChanged(Shape, kw_only=True):
    name: Annotated[str, Meta(description="The name of the custom emoji, without colons.")]
    emoji: Annotated[CustomEmoji, Meta(description="Absent if it has been removed.")] | UnsetType = UNSET
    position: Position


class MembershipChange(Shape):
    """Users joined or left a group. `by` made the change and may be one of them."""

    target: Annotated[str, Meta(description="The group's id.")]
    who: list[Person]
    by: Person


class RestrictionChanged(Restriction):
    position: Position | UnsetType = UNSET


class ContactChanged(Shape):
    by: Person
    who: Person
    position: Position


class PersonChanged(Shape):
    who: Person
    status: str
    position: Position | UnsetType = UNSET


class Empty(Shape):
    """An object without members."""


MESSAGE = EventKind(
    "msg",
    Message,
    "A message was sent. The connection that sent it does not get it.",
    Clients.ALL,
    is_indexed=True,
    webhooks=(WebhookEvent("message.sent", Message),),
    exported_in="messages.jsonl",
)
MESSAGE_EDITED = EventKind(
    "message.edited",
    MessageEdited,
    "The text of a message was replaced.",
    is_indexed=True,
    webhooks=(WebhookEvent("message.edited", MessageEdited),),
    exported_in="messages.jsonl",
)
MESSAGE_PREVIEWED = EventKind(
    "message.previewed",
    MessagePreviewed,
    "The site has loaded pages that a message links to, or a preview was removed. `previews` replaces those before.",
    webhooks=(WebhookEvent("message.previewed", MessagePreviewed),),
    exported_in="messages.jsonl",
)
MESSAGE_RECALLED = EventKind(
    "message.recalled",
    MessageRecalled,
    "A message was recalled. It keeps its number in the channel, without its text.",
    is_indexed=True,
    webhooks=(WebhookEvent("message.recalled", MessageRecalled),),
    exported_in="messages.jsonl",
)
MESSAGE_EXPIRED = EventKind(
    "message.expired",
    MessagesExpired,
    "Retention deleted the messages of a channel up to `seq`. They are neither in its history nor unread.",
    not_exported="it names no user",
)
ATTACHMENT_REMOVED = EventKind(
    "attachment.removed",
    AttachmentsRemoved,
    "Files of a message were removed. The message still names them, and they cannot be downloaded.",
    not_exported="the export tells which files are missing",
    webhooks=(WebhookEvent("attachment.removed", AttachmentsRemoved),),
)
ATTACHMENT_EXPIRED = EventKind(
    "attachment.expired",
    AttachmentsExpired,
    "The files of all messages of a channel up to `seq` were deleted because of their age. The texts stay.",
    not_exported="it names no user",
)
MESSAGE_PINNED = EventKind("message.pinned", MessagePinned, "A message was pinned.", exported_in="pins.json")
MESSAGE_UNPINNED = EventKind(
    "message.unpinned", MessagePinned, "A message was unpinned.", not_exported="nothing is stored of a pin that is gone"
)
MESSAGE_REACTED = EventKind(
    "message.reacted",
    MessageReacted,
    "A user reacted to a message with an emoji.",
    webhooks=(WebhookEvent("message.reacted", MessageReacted),),
    exported_in="reactions.json",
)
MESSAGE_UNREACTED = EventKind(
    "message.unreacted",
    MessageReacted,
    "A user removed a reaction. With `count` 0 the message has no such reaction any more.",
    webhooks=(WebhookEvent("message.unreacted", MessageReacted),),
    not_exported="nothing is stored of a reaction that is gone",
)
EMOJI_CHANGED = EventKind(
    "emoji.changed",
    EmojiChanged,
    "A custom emoji of the site was added or removed. `sync` leaves it out: use `emoji.list` after a reconnect.",
    not_exported="it names no user",
)
CHANNEL_NOTE = EventKind(
    "channel.note",
    Note,
    "A channel or its membership changed. The first note that a new member gets is that of their own joining; the "
    "last that a former member gets is that of their leaving or removal.",
    is_history_note=True,
    webhooks=(
        WebhookEvent("member.joined", MembershipChange, members="join"),
        WebhookEvent("member.left", MembershipChange, members="leave"),
    ),
    exported_in="memberships.json",
)
RESTRICTION = EventKind(
    "restriction", RestrictionChanged, "You were muted or banned, or no longer are.", exported_in="restrictions.json"
)
JOIN_REQUESTED = EventKind(
    "join.requested",
    JoinRequested,
    "A user asks to join a group by a link. The group's owners and admins get it.",
    exported_in="invites.json",
)
JOIN_DECIDED = EventKind(
    "join.decided",
    JoinDecided,
    "A request to join a group was approved, declined, or withdrawn by its user, who is `by` then. The user and the "
    "group's owners and admins get it.",
    not_exported="nothing is stored of a request that has been decided",
)
FRIEND_REQUESTED = EventKind(
    "friend.requested",
    ContactChanged,
    "`by` sent `who` a friend request. Both get this push.",
    exported_in="people.json",
)
FRIEND_ACCEPTED = EventKind(
    "friend.accepted", ContactChanged, "`by` and `who` are friends now. Both get this push.", exported_in="people.json"
)
FRIEND_REMOVED = EventKind(
    "friend.removed",
    ContactChanged,
    "A friendship ended, or a friend request was withdrawn or declined. Both users get this push.",
    not_exported="nothing is stored of a friendship that ended",
)
PERSON_BLOCKED = EventKind(
    "person.blocked",
    ContactChanged,
    "You blocked `who`. Only your own connections get this push.",
    exported_in="people.json",
)
PERSON_UNBLOCKED = EventKind(
    "person.unblocked",
    ContactChanged,
    "You unblocked `who`. Only your own connections get this push.",
    not_exported="nothing is stored of a block that ended",
)
PERSON_CHANGED = EventKind(
    "person.changed",
    PersonChanged,
    "Your own profile changed, or that of a user with whom you share a channel or a friendship; once for each such "
    "group. `who` and `status` hold the present values. In an app's global channel it has no position, and global "
    "channels with many users do not get it.",
    exported_in="profile.json",
)
READ_MARK = EventKind(
    "read.mark",
    ReadPosition,
    "You read further on another of your connections.",
    is_logged=False,
    exported_in="read-marks.json",
)
CHANNEL_STARRED = EventKind(
    "channel.starred",
    ChannelStar,
    "On another of your connections, you made a channel a favourite, or no longer one.",
    is_logged=False,
    exported_in="favourites.json",
)
SIDEBAR_CHANGED = EventKind(
    "sidebar.changed",
    SidebarArrangement,
    "On another of your connections, you arranged your list of channels anew.",
    is_logged=False,
    exported_in="sidebar.json",
)
READ_UNMARK = EventKind(
    "read.unmark",
    ReadPosition,
    "On another of your connections, you marked the messages after `readSeq` as unread.",
    is_logged=False,
    exported_in="read-marks.json",
)
READ_SEEN = EventKind(
    "read.seen",
    ReadSeen,
    "The other user of a private channel has read further.",
    is_logged=False,
    not_exported="it tells how far another user has read",
)
THREAD_MARK = EventKind(
    "thread.mark",
    ThreadMark,
    "On another of your connections, you read further in a thread, followed it, or stopped following it.",
    is_logged=False,
    exported_in="threads.json",
)
SLASH_ANSWER = EventKind(
    "slash.answer",
    SlashAnswer,
    "A service answers your slash command for you alone, or it failed. An answer for everyone is a message.",
    is_logged=False,
    not_exported="it is not stored",
)
DND_CHANGED = EventKind(
    "dnd.changed",
    DoNotDisturb,
    "On one of your connections, you asked not to be disturbed, or ended that.",
    is_logged=False,
    exported_in="profile.json",
)
TYPING = EventKind(
    "typing",
    Typing,
    "Another user is typing. Show it for six seconds, or until their message arrives; they repeat it meanwhile.",
    Clients.ACTIVITY,
    is_logged=False,
    not_exported="it is not stored",
)
PRESENCE_CHANGED = EventKind(
    "presence.changed",
    PresenceChanged,
    "Another user who is online has become away, or has come back. It may repeat what you know.",
    Clients.ACTIVITY,
    is_logged=False,
    not_exported="it is not stored",
)
PRESENCE_MODE = EventKind(
    "presence.mode",
    PresenceMode,
    "On one of your connections, you chose to be shown as away, or ended that.",
    Clients.ACTIVITY,
    is_logged=False,
    exported_in="profile.json",
)
NOTIFICATIONS_CHANGED = EventKind(
    "notifications.changed",
    NotificationsChanged,
    "On another of your connections, you chose what to hear of a channel.",
    is_logged=False,
    exported_in="notifications.json",
)
SCHEDULED_CHANGED = EventKind(
    "scheduled.changed",
    ScheduledChanged,
    "You scheduled a message on another of your connections, or changed or cancelled one; or one was sent or refused.",
    is_logged=False,
    exported_in="scheduled.json",
)
SAVED_CHANGED = EventKind(
    "saved.changed",
    SavedMark,
    "You saved a message on another of your connections, or removed one from those that you have saved.",
    is_logged=False,
    exported_in="saved.json",
)
ENTER = EventKind("enter", AppPresence, "A user came to your app.", is_logged=False, not_exported="it is not stored")
EXIT = EventKind("exit", AppPresence, "A user left your app.", is_logged=False, not_exported="it is not stored")
PERSON_ONLINE = EventKind(
    "person.online",
    PersonOnApp,
    "A user came to an app.",
    Clients.NONE,
    webhooks=(WebhookEvent("person.online", PersonOnApp),),
    not_exported="it repeats the profile, and is stored only for webhooks",
)
PERSON_OFFLINE = EventKind(
    "person.offline",
    PersonOnApp,
    "A user left an app.",
    Clients.NONE,
    webhooks=(WebhookEvent("person.offline", PersonOnApp),),
    not_exported="it repeats the profile, and is stored only for webhooks",
)
PRESENCE_RESET = EventKind(
    "presence.reset",
    Empty,
    "The site has started and considers all users offline. The users who are online follow.",
    Clients.NONE,
    webhooks=(WebhookEvent("presence.reset", Empty, subscribed_by=("person.online", "person.offline")),),
    not_exported="it names no user",
)
REVOCATION = EventKind(
    "revocation",
    Empty,
    "Connections lost the credential that they were opened with.",
    Clients.NONE,
    not_exported="it ends connections and says nothing of the user",
)

PING = WebhookEvent("ping", Empty)
"""A request to test a webhook's receiver, or to find out whether a slow one answers.

It is of no kind and has no position in the event log.
"""

EVENTS = {kind.name: kind for kind in tuple(globals().values()) if isinstance(kind, EventKind)}
"""All kinds by name, in the order of their declaration."""
WEBHOOK_EVENTS = {event.name: event for kind in EVENTS.values() for event in kind.webhooks} | {PING.name: PING}
"""All events that webhook receivers get, by name."""
SUBSCRIPTIONS = tuple(event.name for event in WEBHOOK_EVENTS.values() if event is not PING and not event.subscribed_by)
"""Names of the events that a webhook can subscribe to."""
