"""Channels as services change them: several settings in one transaction, with the guards of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from accounts.models import User
from chat import errors
from chat.actions.channel import channel_rename, channel_set_closed, lock_users, users_named
from chat.actions.member import member_invite, member_join
from chat.actions.policy import PolicyChanges, channel_set_policy
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Channel
from delivery.db.transactions import write


def channel_change(
    *, user: User, channel_id: int, name: str | None = None, closed: bool | None = None, **policy: Unpack[PolicyChanges]
) -> None:
    """Rename, close or reopen a group, and set its policy: all of it, or nothing where one is refused."""
    with write():
        # The rows that each of these locks are locked by the first, so nothing waits behind the log's counter.
        if closed is False:
            channel_close(user=user, channel_id=channel_id, closed=False)
        if name is not None:
            channel_rename(user=user, channel_id=channel_id, name=name)
        if any(value is not None for value in policy.values()):
            channel_set_policy(user=user, channel_id=channel_id, **policy)
        if closed:
            channel_close(user=user, channel_id=channel_id)


def channel_close(*, user: User, channel_id: int, closed: bool = True) -> None:
    """Close a group that one owns, or manages by a permission: it stays readable for its members. Or open it again."""
    with write():
        access = access_for_service(user, channel_id, lock=True)
        if access.channel.kind != Channel.Kind.PUBLIC or access.role != "owner":
            raise ChatError(errors.NOT_AUTHORISED, "Only an owner of the group may do this.")
        channel_set_closed(operator=user, channel_id=channel_id, closed=closed)


def members_add(*, user: User, channel_id: int, names: Sequence[str]) -> list[User]:
    """Add people to a group; returns those who were not in it. The service's own name: it joins an open group first."""
    others = [name for name in names if name != user.username]
    joins = len(others) < len(names)
    with write():
        if joins and others:
            # Joining writes to the log, after which nothing may wait for anybody's row.
            lock_users([user, *users_named(others, but=user)])
        if joins:
            member_join(user=user, channel_id=channel_id)
        return member_invite(user=user, channel_id=channel_id, names=others) if others else []
