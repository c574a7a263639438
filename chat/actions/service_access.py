"""What a service may reach by the REST API: what everybody may, and every group with `chat.manage_channels`."""

from __future__ import annotations

from accounts.models import User
from chat import errors
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import Access, access_channel

MANAGE = "chat.manage_channels"


def access_for_service(user: User, channel_id: int, *, lock: bool = False) -> Access:
    """The channel if the service may read it as anybody would, or any group if it may manage them; else NO_DATA.

    A group that it manages without being in it comes without a stay, so all of its history is readable.
    """
    try:
        return access_channel(user, channel_id, lock=lock)
    except ChatError as refusal:
        if refusal.code is not errors.NO_DATA or not user.has_perm(MANAGE):
            raise
    found = Channel.objects.select_for_update(no_key=True, of=("self",)) if lock else Channel.objects.all()
    channel = found.filter(pk=channel_id, kind=Channel.Kind.PUBLIC).select_related("app").first()
    if channel is None:
        raise ChatError(errors.NO_DATA, "There is no such channel.")
    return Access(channel, None)
