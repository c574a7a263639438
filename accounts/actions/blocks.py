"""Blocking a user. The blocked user is not notified."""

from __future__ import annotations

from django.conf import settings

from accounts import errors
from accounts.actions.friends import lock_two_users, user_payload
from accounts.errors import BlockRefused, NoSuchUser
from accounts.models import Block, User
from chat.wire.schema.event_kind import EventKind
from chat.wire.schema.events import PERSON_BLOCKED, PERSON_UNBLOCKED
from delivery import log, publish
from delivery.db.transactions import write


def user_block(*, user: User, other_id: int) -> User:
    """Block a user: no private messages, friend requests or presence between the two. Returns the blocked user.

    Notifies the blocking user's own devices. Blocking twice changes nothing. Raises NoSuchUser for guests and
    unknown ids, and BlockRefused for the user themselves, for services, and past IM_MAX_BLOCKS_PER_USER.
    """
    if user.pk == other_id:
        raise BlockRefused(errors.BLOCK_YOURSELF)
    with write():
        other = lock_two_users(user.pk, other_id).get(other_id)
        if other is None or other.is_guest:
            raise NoSuchUser
        if other.kind == User.Kind.SERVICE:
            raise BlockRefused(errors.BLOCK_SERVICE)
        if Block.objects.filter(blocker=user, blocked=other).exists():
            return other
        if Block.objects.filter(blocker=user).count() >= settings.IM_MAX_BLOCKS_PER_USER:
            raise BlockRefused(errors.BLOCK_LIMIT_REACHED, limit=settings.IM_MAX_BLOCKS_PER_USER)
        Block.objects.create(blocker=user, blocked=other)
        if not other.is_restricted:
            other.is_restricted = True
            other.save(update_fields=["is_restricted"])
        _publish(PERSON_BLOCKED, user, other)
    return other


def user_unblock(*, user: User, other_id: int) -> None:
    """Remove a block, if there is one. Leaves `is_restricted` set, because other restrictions may exist."""
    with write():
        other = lock_two_users(user.pk, other_id).get(other_id)
        deleted, _ = Block.objects.filter(blocker=user, blocked=other_id).delete()
        if deleted and other is not None:
            _publish(PERSON_UNBLOCKED, user, other)


def _publish(kind: EventKind, user: User, other: User) -> None:
    body = {"by": user_payload(user), "who": user_payload(other)}
    publish.after_commit(log.append([log.Entry(kind=kind.name, user_ids=(user.pk,), body=body)]))
