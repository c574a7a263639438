"""Blocking: one hears nothing more from somebody, who is not told."""

from __future__ import annotations

from django.conf import settings

from accounts.actions.friends import lock_two_users, user_payload
from accounts.errors import BlockRefused, NoSuchPerson
from accounts.models import Block, User
from chat.wire.schema.events import PERSON_BLOCKED, PERSON_UNBLOCKED, EventKind
from delivery import log, publish
from delivery.db.transactions import write


def user_block(*, user: User, other_id: int) -> User:
    """Hear nothing more from somebody: no new private channel, no message in an old one, no request, no presence.

    One's own other devices hear of it; the same again changes nothing. Returns who is blocked. NoSuchPerson for who has
    no account; BlockRefused for oneself, for services, and past IM_MAX_BLOCKS_PER_USER.
    """
    if user.pk == other_id:
        raise BlockRefused("Nobody blocks themselves.")
    with write():
        other = lock_two_users(user.pk, other_id).get(other_id)
        if other is None or other.is_guest:
            raise NoSuchPerson
        if other.kind == User.Kind.SERVICE:
            raise BlockRefused("A service of this site cannot be blocked. Tell an operator what is wrong with it.")
        if Block.objects.filter(blocker=user, blocked=other).exists():
            return other
        if Block.objects.filter(blocker=user).count() >= settings.IM_MAX_BLOCKS_PER_USER:
            raise BlockRefused(
                "You have blocked %(limit)s people, and that is the limit.", limit=settings.IM_MAX_BLOCKS_PER_USER
            )
        Block.objects.create(blocker=user, blocked=other)
        if not other.is_restricted:
            other.is_restricted = True
            other.save(update_fields=["is_restricted"])
        _tell(PERSON_BLOCKED, user, other)
    return other


def user_unblock(*, user: User, other_id: int) -> None:
    """Take the block back; nothing happens if there is none. Whether another restriction stands is not asked."""
    with write():
        other = lock_two_users(user.pk, other_id).get(other_id)
        deleted, _ = Block.objects.filter(blocker=user, blocked=other_id).delete()
        if deleted and other is not None:
            _tell(PERSON_UNBLOCKED, user, other)


def _tell(kind: EventKind, user: User, other: User) -> None:
    body = {"by": user_payload(user), "who": user_payload(other)}
    publish.after_commit(log.append([log.Entry(kind=kind.name, user_ids=(user.pk,), body=body)]))
