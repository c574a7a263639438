"""Finds the direct messages and mentions that a user has missed, by their present rights and wishes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from chat import rules
from chat.models import Channel, MailDigest, Membership, Message, MessageMention
from chat.selectors.notifiable import unread_of
from chat.selectors.notification_settings import notification_settings_of
from chat.selectors.readable import readable_anywhere

MAX_MESSAGES = 200
"""Messages of each kind that are looked at for one mail, the latest ones."""


@dataclass(frozen=True, slots=True)
class Missed:
    """The messages of a mail with their channels, apps and senders, the oldest first; and those that are mentions."""

    messages: list[Message]
    mentions: set[int]

    @property
    def position(self) -> int:
        """Return the position of the last message; 0 without any."""
        return max((message.position for message in self.messages), default=0)


def missed_messages(row: MailDigest) -> Missed:
    """Return what the user may read, has not read and wants to hear of, after what has been mailed."""
    user = row.user
    current = Membership.objects.filter(user=user, until_position=None).values("channel")
    direct = Message.objects.filter(channel__in=current, channel__kind=Channel.Kind.PRIVATE, position__gt=row.position)
    named = Q(user=user) | Q(user=None, channel__in=current)
    mentions = set(
        MessageMention.objects.filter(named, is_silent=False)
        .order_by("-message")
        .values_list("message", flat=True)[:MAX_MESSAGES]
    )
    ids = mentions | set(direct.order_by("-position").values_list("pk", flat=True)[:MAX_MESSAGES])
    readable = readable_anywhere(user, app=None).filter(pk__in=ids, position__gt=row.position, recalled_at=None)
    messages = list(readable.exclude(sender=user).select_related("channel__app", "sender").order_by("position"))
    unread = unread_of(user, messages)
    wanted = _wanted(user, [message for message in messages if message.pk in unread], mentions)
    return Missed(wanted, mentions & {message.pk for message in wanted})


def _wanted(user: User, messages: list[Message], mentions: set[int]) -> list[Message]:
    """Return those of the messages that the user's settings of their channels let through."""
    channels = {message.channel_id: message.channel for message in messages}
    settings = notification_settings_of(user, list(channels.values()))

    def is_wanted(message: Message) -> bool:
        setting = settings.get(message.channel_id)
        if setting is None:
            return True
        is_mention = message.pk in mentions
        return rules.wants_notification(setting.level, is_muted=setting.muted, is_mention=is_mention) is not False

    return [message for message in messages if is_wanted(message)]
