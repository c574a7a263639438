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
    """Raise NOT_AUTHORISED if either user blocks the other."""
    if has_blocked(user.pk, other.pk):
        raise ChatError(reasons.BLOCKED_BY_YOU)
    if has_blocked(other.pk, user.pk):
        raise _cannot_write()


def require_peer_not_blocking(user: User, channel: Channel) -> None:
    """Raise NOT_AUTHORISED in a private channel whose other user blocks this one."""
    peer = peer_id_of(channel, user.pk)
    if peer is not None and has_blocked(peer, user.pk):
        raise _cannot_write()


def _cannot_write() -> ChatError:
    return ChatError(reasons.CANNOT_MESSAGE_USER)


def require_addable(user: User, people: Sequence[User]) -> None:
    """Raise NOT_AUTHORISED, naming the first, if one of these users blocks the user who adds them to a group."""
    unreached = _blocker_ids(user, people)
    for other in people:
        if other.pk in unreached:
            raise ChatError(reasons.CANNOT_ADD_USER, userId=other.username)


def addable(user: User, people: Sequence[User]) -> list[User]:
    """Return those whom the user may add to a group."""
    unreached = _blocker_ids(user, people)
    return [other for other in people if other.pk not in unreached]


def _blocker_ids(user: User, people: Sequence[User]) -> set[int]:
    return blockers_among(user.pk, [other.pk for other in people])
