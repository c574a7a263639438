"""Changes of channels by services. Each change checks the service's rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from accounts.models import User
from chat.actions.channel import channel_rename, lock_users, users_named
from chat.actions.channel_settings import ChannelSettingsChanges, channel_close, channel_update_settings
from chat.actions.member import member_invite, member_join
from delivery.db.transactions import write


def channel_change(
    *,
    user: User,
    channel_id: int,
    name: str | None = None,
    closed: bool | None = None,
    **settings: Unpack[ChannelSettingsChanges],
) -> None:
    """Rename, close or reopen a group and change its settings: all changes, or none if one is refused. None:
    unchanged.
    """
    with write():
        # The first change locks every row that the others need, so nothing waits while the event log's counter is held.
        if closed is False:
            channel_close(user=user, channel_id=channel_id, closed=False)
        if name is not None:
            channel_rename(user=user, channel_id=channel_id, name=name)
        if any(value is not None for value in settings.values()):
            channel_update_settings(user=user, channel_id=channel_id, **settings)
        if closed:
            channel_close(user=user, channel_id=channel_id)


def members_add(*, user: User, channel_id: int, names: Sequence[str]) -> list[User]:
    """Add users to a group; return those who were not members.

    If `names` contains the service's own name, it first joins the group, which must be open.
    """
    others = [name for name in names if name != user.username]
    joins = len(others) < len(names)
    with write():
        if joins and others:
            # Joining appends to the event log; nothing may wait for a row lock after that.
            lock_users([user, *users_named(others, but=user)])
        if joins:
            member_join(user=user, channel_id=channel_id)
        return member_invite(user=user, channel_id=channel_id, names=others) if others else []
