"""Access of services to channels: those of a member, and all groups with `chat.manage_channels`."""

from __future__ import annotations

from accounts.models import User
from chat import errors, reasons
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import Access, access_channel

MANAGE = "chat.manage_channels"


def access_for_service(user: User, channel_id: int, *, app: int | None = None, lock: bool = False) -> Access:
    """Return the channel if the caller may read it as a member, or is a service that manages all groups.

    Raise ChatError CHANNEL_NOT_FOUND otherwise. A managing service acts like an owner and reads all messages, even if
    it is not a member.
    """
    try:
        access = access_channel(user, channel_id, app=app, lock=lock)
    except ChatError as refusal:
        if refusal.code is not errors.NO_DATA or not manages_groups(user):
            raise
    else:
        is_group = access.channel.kind == Channel.Kind.PUBLIC
        return Access(access.channel, access.membership, manages=True) if is_group and manages_groups(user) else access
    found = Channel.objects.select_for_update(no_key=True, of=("self",)) if lock else Channel.objects.all()
    channel = found.filter(pk=channel_id, kind=Channel.Kind.PUBLIC).select_related("app").first()
    if channel is None:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    return Access(channel, None, manages=True)


def manages_groups(user: User) -> bool:
    """Return whether the user is a service with `chat.manage_channels`.

    A person with that permission is no such service.
    """
    return user.kind == User.Kind.SERVICE and user.has_perm(MANAGE)
