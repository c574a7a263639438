"""The one guard through which every channel and message is fetched.

What a person may not read is answered like what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from chat import errors, rules
from chat.errors import ChatError
from chat.models import Channel, Membership, Message
from chat.rules import Ranges


@dataclass(frozen=True, slots=True)
class Access:
    """A channel that a person may read, and their stay in it: None in a global channel, and where one `manages` a group
    by a permission, whoever one is in it."""

    channel: Channel
    stay: Membership | None
    manages: bool = False

    @property
    def role(self) -> str | None:
        """As what one acts there."""
        if self.manages:
            return Membership.Role.OWNER
        return self.stay.role if self.stay is not None else None


def access_channel(user: User, channel_id: int, *, app: int | None = None, lock: bool = False) -> Access:
    """The channel if the person may read it, else ChatError NO_DATA, which does not tell whether it exists.

    A global channel is readable for who is on its app (`app` None, a service: for all). `lock` holds the person's
    and the channel's row until the transaction ends.
    """
    if lock:
        # Users before channels, as everywhere. A deactivation that was faster is seen here.
        active = User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("is_active", flat=True)
        if list(active) != [True]:
            raise ChatError(errors.NOT_AUTHORISED, "This account is not active.")
    found = Channel.objects.select_for_update(no_key=True, of=("self",)) if lock else Channel.objects.all()
    channel = found.filter(pk=channel_id).select_related("app").first()
    if channel is None:
        raise ChatError(errors.NO_DATA, "There is no such channel.")
    if channel.kind == Channel.Kind.GLOBAL:
        assert channel.app is not None
        if not channel.app.enabled or (app is not None and channel.app.number != app):
            raise ChatError(errors.NO_DATA, "There is no such channel.")
        return Access(channel, None)
    stay = Membership.objects.filter(channel=channel, user=user, until_position=None).first()
    if stay is None or user.is_guest:
        raise ChatError(errors.NO_DATA, "There is no such channel.")
    return Access(channel, stay)


def readable_ranges(user: User, access: Access) -> Ranges:
    """The numbers of the channel that the person may read: all by its policy, else those of their stays."""
    if access.stay is None or access.manages or rules.reads_everything(access.channel.join, access.channel.history):
        return rules.EVERYTHING
    stays = Membership.objects.filter(channel=access.channel, user=user).order_by("from_seq")
    return list(stays.values_list("from_seq", "until_seq"))


def access_message(user: User, access: Access, message_id: int) -> Message:
    """A message of the channel that the person may read, else NO_DATA."""
    message = (
        Message.objects.filter(pk=message_id, channel=access.channel).select_related("sender", "recalled_by").first()
    )
    if message is None or not rules.readable(readable_ranges(user, access), message.seq):
        raise ChatError(errors.NO_DATA, "There is no such message.")
    return message
