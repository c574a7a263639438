"""Friends: one asks, the other accepts by asking back."""

from __future__ import annotations

from accounts.errors import FriendRequestRefused, NoSuchPerson
from accounts.models import Friendship, User
from delivery import log, publish
from delivery.transactions import write

REQUESTED = "friend.requested"
ACCEPTED = "friend.accepted"


def friend_request(*, user: User, person_id: int) -> Friendship:
    """Ask somebody to be friends; who has been asked by them accepts by this. Both hear of it.

    NoSuchPerson for who has no active account; FriendRequestRefused for oneself, and for the same again.
    """
    if user.pk == person_id:
        raise FriendRequestRefused("Nobody is a friend of themselves.")
    ids = sorted((user.pk, person_id))
    pair = ":".join(map(str, ids))
    with write():
        # Both who may ask hold the same two rows, so one of them comes first.
        people = {row.pk: row for row in User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
        other = people.get(person_id)
        if other is None or not all(row.is_active and row.kind == User.Kind.PERSON for row in people.values()):
            raise NoSuchPerson
        friendship = Friendship.objects.filter(pair=pair).first()
        if friendship is None:
            kind, friendship = REQUESTED, Friendship.objects.create(asked_by=user, asked=other, pair=pair)
        elif friendship.accepted:
            raise FriendRequestRefused("You are friends already.")
        elif friendship.asked_by_id == user.pk:
            raise FriendRequestRefused("You have asked already.")
        else:
            kind, friendship.accepted = ACCEPTED, True
            friendship.save(update_fields=["accepted"])
        body = {"by": _shown(user), "who": _shown(other)}
        publish.after_commit(log.append([log.Entry(kind=kind, persons=(user.pk, other.pk), body=body)]))
    return friendship


def _shown(user: User) -> dict[str, str]:
    return {
        "userId": user.public_name,
        "id": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
    }
