"""Friends: one asks, the other accepts by asking back."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q

from accounts.errors import FriendRequestRefused, NoSuchFriend, NoSuchPerson
from accounts.models import Friendship, User
from accounts.selectors.contacts import has_blocked
from chat.wire.schema.events import FRIEND_ACCEPTED, FRIEND_REMOVED, FRIEND_REQUESTED, EventKind
from delivery import log, publish
from delivery.db.transactions import write


def friend_request(*, user: User, other_id: int) -> Friendship:
    """Ask somebody to be friends; who has been asked by them accepts by this. Both hear of it.

    Somebody who has blocked the asker does not, and does not see the request; the asker is told nothing of that.
    NoSuchPerson for who has no active account; FriendRequestRefused for oneself, for the same again, for whom one
    blocks, and past IM_MAX_FRIENDS_PER_USER.
    """
    if user.pk == other_id:
        raise FriendRequestRefused("Nobody is a friend of themselves.")
    with write():
        # Both who may ask hold the same two rows, so one of them comes first.
        people = lock_two_users(user.pk, other_id)
        other = people.get(other_id)
        if other is None or not all(row.is_active and row.kind == User.Kind.PERSON for row in people.values()):
            raise NoSuchPerson
        if has_blocked(user.pk, other_id):
            raise FriendRequestRefused("You have blocked this person. Unblock them first.")
        friendship = Friendship.objects.filter(pair=_pair(user.pk, other_id)).first()
        if friendship is None:
            _check_limit(user)
            pair = _pair(user.pk, other_id)
            kind, friendship = FRIEND_REQUESTED, Friendship.objects.create(from_user=user, to_user=other, pair=pair)
        elif friendship.accepted:
            raise FriendRequestRefused("You are friends already.")
        elif friendship.from_user_id == user.pk:
            raise FriendRequestRefused("You have asked already.")
        else:
            kind, friendship.accepted = FRIEND_ACCEPTED, True
            friendship.save(update_fields=["accepted"])
        _tell(kind, user, other)
    return friendship


def friend_accept(*, user: User, other_id: int) -> None:
    """Be friends with somebody who has asked; NoSuchFriend if they have not. Who is a friend already stays one."""
    with write():
        lock_two_users(user.pk, other_id)
        friendship = Friendship.objects.filter(pair=_pair(user.pk, other_id)).first()
        if friendship is None or (not friendship.accepted and friendship.from_user_id == user.pk):
            raise NoSuchFriend
        if not friendship.accepted:
            friend_request(user=user, other_id=other_id)


def friend_decline(*, user: User, other_id: int) -> None:
    """Say no to somebody who has asked; they may ask again. NoSuchFriend if they have not."""
    _end(user, other_id, Q(accepted=False, to_user=user))


def friend_remove(*, user: User, other_id: int) -> None:
    """End a friendship, or take one's own request back. NoSuchFriend if there is neither."""
    _end(user, other_id, Q(accepted=True) | Q(from_user=user))


def _end(user: User, other_id: int, which: Q) -> None:
    with write():
        people = lock_two_users(user.pk, other_id)
        ended, _ = Friendship.objects.filter(which, pair=_pair(user.pk, other_id)).delete()
        if not ended:
            raise NoSuchFriend
        _tell(FRIEND_REMOVED, user, people[other_id])


def _check_limit(user: User) -> None:
    limit = settings.IM_MAX_FRIENDS_PER_USER
    if Friendship.objects.filter(Q(from_user=user) | Q(to_user=user, accepted=True)).count() >= limit:
        raise FriendRequestRefused("You have %(limit)s friends and open requests, and that is the limit.", limit=limit)


def _tell(kind: EventKind, user: User, other: User) -> None:
    # Who has blocked the other sees nothing of what they do.
    persons = (user.pk,) if has_blocked(other.pk, user.pk) else (user.pk, other.pk)
    body = {"by": user_payload(user), "who": user_payload(other)}
    publish.after_commit(log.append([log.Entry(kind=kind.name, user_ids=persons, body=body)]))


def _pair(one: int, other: int) -> str:
    return ":".join(map(str, sorted((one, other))))


def lock_two_users(one: int, other: int) -> dict[int, User]:
    """The rows of two people, as far as they exist, locked until the transaction ends."""
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=(one, other)).order_by("pk")
    return {row.pk: row for row in rows}


def user_payload(user: User) -> dict[str, str]:
    """A person as events show them."""
    return {
        "userId": user.public_name,
        "id": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
    }
