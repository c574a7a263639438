"""Blocking: one hears nothing more from somebody, who is not told."""

from __future__ import annotations

from django.conf import settings

from accounts.actions.friends import shown, two_locked
from accounts.errors import BlockRefused, NoSuchPerson
from accounts.models import Block, User
from delivery import log, publish
from delivery.db.transactions import write

BLOCKED = "person.blocked"
UNBLOCKED = "person.unblocked"


def user_block(*, user: User, person_id: int) -> User:
    """Hear nothing more from somebody: no new private channel, no message in an old one, no request, no presence.

    One's own other devices hear of it; the same again changes nothing. Returns who is blocked. NoSuchPerson for who has
    no account; BlockRefused for oneself, for services, and past IM_MAX_BLOCKS_PER_USER.
    """
    if user.pk == person_id:
        raise BlockRefused("Nobody blocks themselves.")
    with write():
        other = two_locked(user.pk, person_id).get(person_id)
        if other is None or other.is_guest:
            raise NoSuchPerson
        if other.kind == User.Kind.SERVICE:
            raise BlockRefused("A service of this site cannot be blocked. Tell an operator what is wrong with it.")
        if Block.objects.filter(by=user, blocked=other).exists():
            return other
        if Block.objects.filter(by=user).count() >= settings.IM_MAX_BLOCKS_PER_USER:
            raise BlockRefused(
                "You have blocked %(limit)s people, and that is the limit.", limit=settings.IM_MAX_BLOCKS_PER_USER
            )
        Block.objects.create(by=user, blocked=other)
        if not other.restricted:
            other.restricted = True
            other.save(update_fields=["restricted"])
        _tell(BLOCKED, user, other)
    return other


def user_unblock(*, user: User, person_id: int) -> None:
    """Take the block back; nothing happens if there is none. Whether another restriction stands is not asked."""
    with write():
        other = two_locked(user.pk, person_id).get(person_id)
        deleted, _ = Block.objects.filter(by=user, blocked=person_id).delete()
        if deleted and other is not None:
            _tell(UNBLOCKED, user, other)


def _tell(kind: str, user: User, other: User) -> None:
    body = {"by": shown(user), "who": shown(other)}
    publish.after_commit(log.append([log.Entry(kind=kind, persons=(user.pk,), body=body)]))
