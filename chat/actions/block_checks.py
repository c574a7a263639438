"""Whom somebody can reach: not who has blocked them. What is said of it is the same whatever the reason may be."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import User
from accounts.selectors.contacts import blockers_among, has_blocked
from chat import errors
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import peer_id_of


def require_not_blocked(user: User, other: User) -> None:
    """NOT_AUTHORISED if the person cannot begin to write to the other."""
    if has_blocked(user.pk, other.pk):
        raise ChatError(errors.NOT_AUTHORISED, "You have blocked this person. Unblock them first.")
    if has_blocked(other.pk, user.pk):
        raise _cannot_write()


def require_peer_not_blocking(user: User, channel: Channel) -> None:
    """NOT_AUTHORISED in a private channel whose other person has blocked this one: nothing in it changes for them."""
    peer = peer_id_of(channel, user.pk)
    if peer is not None and has_blocked(peer, user.pk):
        raise _cannot_write()


def _cannot_write() -> ChatError:
    return ChatError(errors.NOT_AUTHORISED, "You cannot write to this person.")


def require_addable(user: User, people: Sequence[User]) -> None:
    """NOT_AUTHORISED, with the name of the first, if the person cannot bring one of these people into a group."""
    unreached = _blocker_ids(user, people)
    for other in people:
        if other.pk in unreached:
            raise ChatError(errors.NOT_AUTHORISED, f"You cannot add {other.username}.", userId=other.username)


def addable(user: User, people: Sequence[User]) -> list[User]:
    """Those of these people whom the person can bring into a group."""
    unreached = _blocker_ids(user, people)
    return [other for other in people if other.pk not in unreached]


def _blocker_ids(user: User, people: Sequence[User]) -> set[int]:
    return blockers_among(user.pk, [other.pk for other in people])
