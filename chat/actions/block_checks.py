"""Checks whether a block keeps two users apart.

A blocked user is refused with the same words as for any other reason, so a block stays secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import User
from accounts.selectors.contacts import blockers_among, has_blocked
from chat import errors
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import peer_id_of


def require_not_blocked(user: User, other: User) -> None:
    """Raise NOT_AUTHORISED if either user blocks the other."""
    if has_blocked(user.pk, other.pk):
        raise ChatError(errors.NOT_AUTHORISED, "You have blocked this user. Unblock them first.")
    if has_blocked(other.pk, user.pk):
        raise _cannot_write()


def require_peer_not_blocking(user: User, channel: Channel) -> None:
    """Raise NOT_AUTHORISED in a private channel whose other user blocks this one."""
    peer = peer_id_of(channel, user.pk)
    if peer is not None and has_blocked(peer, user.pk):
        raise _cannot_write()


def _cannot_write() -> ChatError:
    return ChatError(errors.NOT_AUTHORISED, "You cannot write to this person.")


def require_addable(user: User, people: Sequence[User]) -> None:
    """Raise NOT_AUTHORISED, naming the first, if one of these users blocks the user who adds them to a group."""
    unreached = _blocker_ids(user, people)
    for other in people:
        if other.pk in unreached:
            raise ChatError(errors.NOT_AUTHORISED, f"You cannot add {other.username}.", userId=other.username)


def addable(user: User, people: Sequence[User]) -> list[User]:
    """Return those whom the user may add to a group."""
    unreached = _blocker_ids(user, people)
    return [other for other in people if other.pk not in unreached]


def _blocker_ids(user: User, people: Sequence[User]) -> set[int]:
    return blockers_among(user.pk, [other.pk for other in people])
