"""Checks whether a block keeps two users apart.

A blocked user is refused with the same words as for any other reason, so a block stays secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import User
from accounts.selectors.contacts import blockers_among, has_blocked
from chat import reasons
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import peer_id_of


def require_not_blocked(user: User, other: User) -> None:
    """Raise ChatError BLOCKED_BY_YOU if the user blocks the other, CANNOT_MESSAGE_USER if the other blocks the user."""
    if has_blocked(user.pk, other.pk):
        raise ChatError(reasons.BLOCKED_BY_YOU)
    if has_blocked(other.pk, user.pk):
        raise _cannot_write()


def require_peer_not_blocking(user: User, channel: Channel) -> None:
    """Raise ChatError CANNOT_MESSAGE_USER if the channel is private and its other user blocks this one."""
    peer = peer_id_of(channel, user.pk)
    if peer is not None and has_blocked(peer, user.pk):
        raise _cannot_write()


def _cannot_write() -> ChatError:
    return ChatError(reasons.CANNOT_MESSAGE_USER)


def require_addable(user: User, users: Sequence[User]) -> None:
    """Raise ChatError CANNOT_ADD_USER with the name of the first of these users who blocks `user`, who adds them."""
    blocker_ids = _blocker_ids(user, users)
    for other in users:
        if other.pk in blocker_ids:
            raise ChatError(reasons.CANNOT_ADD_USER, userId=other.username)


def addable(user: User, users: Sequence[User]) -> list[User]:
    """Return those of the users whom `user` may add to a group: all who do not block `user`."""
    blocker_ids = _blocker_ids(user, users)
    return [other for other in users if other.pk not in blocker_ids]


def _blocker_ids(user: User, users: Sequence[User]) -> set[int]:
    return blockers_among(user.pk, [other.pk for other in users])
