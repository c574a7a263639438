"""The guard through which every channel and message is fetched.

A channel or message that the user may not read is refused like one that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from chat import reasons, rules
from chat.errors import ChatError
from chat.models import Channel, Membership, Message
from chat.rules import Ranges


@dataclass(frozen=True, slots=True)
class Access:
    """A channel that the user may read, with their membership.

    `membership` is None in a global channel, and for a service that `manages` the group by a permission without being a
    member.
    """

    channel: Channel
    membership: Membership | None
    manages: bool = False

    @property
    def role(self) -> str | None:
        """Return the user's role in the channel: owner for a managing service, None in a global channel."""
        if self.manages:
            return Membership.Role.OWNER
        return self.membership.role if self.membership is not None else None


def access_channel(user: User, channel_id: int, *, app: int | None = None, lock: bool = False) -> Access:
    """Return the channel if the user may read it.

    Raise ChatError CHANNEL_NOT_FOUND otherwise, whether or not the channel exists. A global channel is readable for
    every user of its app; `app` None (a service) reads all of them. `lock` locks the rows of the user and the channel
    until the transaction ends.
    """
    if lock:
        # The user's row is locked before the channel's, as everywhere. This also sees a deactivation that committed
        # first.
        active = User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("is_active", flat=True)
        if list(active) != [True]:
            raise ChatError(reasons.ACCOUNT_INACTIVE)
    found = Channel.objects.select_for_update(no_key=True, of=("self",)) if lock else Channel.objects.all()
    channel = found.filter(pk=channel_id).select_related("app").first()
    if channel is None:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    if channel.kind == Channel.Kind.GLOBAL:
        assert channel.app is not None
        if not channel.app.enabled or (app is not None and channel.app.number != app):
            raise ChatError(reasons.CHANNEL_NOT_FOUND)
        return Access(channel, None)
    membership = Membership.objects.filter(channel=channel, user=user, until_position=None).first()
    if membership is None or user.is_guest:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    return Access(channel, membership)


def reads_everything(access: Access) -> bool:
    """Return whether the user may read the whole channel, also from before they joined."""
    channel = access.channel
    return access.membership is None or access.manages or rules.reads_everything(channel.join, channel.history)


def readable_ranges(user: User, access: Access) -> Ranges:
    """Return the sequence number ranges that the user may read: the whole channel, or those of their memberships."""
    if reads_everything(access):
        return rules.EVERYTHING
    memberships = Membership.objects.filter(channel=access.channel, user=user).order_by("from_seq")
    return list(memberships.values_list("from_seq", "until_seq"))


def access_message(user: User, access: Access, message_id: int) -> Message:
    """Return a message of the channel if the user may read it. Raise ChatError MESSAGE_NOT_FOUND otherwise."""
    message = (
        Message.objects.filter(pk=message_id, channel=access.channel).select_related("sender", "recalled_by").first()
    )
    if message is None or not rules.is_readable(readable_ranges(user, access), message.seq):
        raise ChatError(reasons.MESSAGE_NOT_FOUND)
    return message
