"""Friend requests and friendships. A request in the other direction accepts the first one."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q

from accounts import errors
from accounts.errors import FriendRequestRefused, NoSuchFriend, NoSuchUser
from accounts.models import Friendship, User
from accounts.selectors.contacts import has_blocked
from chat.wire.schema.event_kind import EventKind
from chat.wire.schema.events import FRIEND_ACCEPTED, FRIEND_REMOVED, FRIEND_REQUESTED
from delivery import log, publish
from delivery.db.transactions import write


def friend_request(*, user: User, other_id: int) -> Friendship:
    """Send a friend request, or accept one that the other user has sent. Notifies both users.

    A user who has blocked the sender is not notified and does not see the request; the sender gets the usual result.
    Raises NoSuchUser for users without an active account, and FriendRequestRefused for the sender themselves, for a
    repeated request, for users that the sender has blocked, and past IM_MAX_FRIENDS_PER_USER.
    """
    if user.pk == other_id:
        raise FriendRequestRefused(errors.FRIEND_YOURSELF)
    with write():
        # Two users who send each other a request lock the same two rows, so one request comes first.
        users = lock_two_users(user.pk, other_id)
        other = users.get(other_id)
        if other is None or not all(row.is_active and row.kind == User.Kind.PERSON for row in users.values()):
            raise NoSuchUser
        if has_blocked(user.pk, other_id):
            raise FriendRequestRefused(errors.FRIEND_BLOCKED)
        friendship = Friendship.objects.filter(pair=_pair(user.pk, other_id)).first()
        if friendship is None:
            _check_limit(user)
            pair = _pair(user.pk, other_id)
            kind, friendship = FRIEND_REQUESTED, Friendship.objects.create(from_user=user, to_user=other, pair=pair)
        elif friendship.accepted:
            raise FriendRequestRefused(errors.ALREADY_FRIENDS)
        elif friendship.from_user_id == user.pk:
            raise FriendRequestRefused(errors.FRIEND_REQUEST_PENDING)
        else:
            kind, friendship.accepted = FRIEND_ACCEPTED, True
            friendship.save(update_fields=["accepted"])
        _publish(kind, user, other)
    return friendship


def friend_accept(*, user: User, other_id: int) -> None:
    """Accept a friend request; does nothing for a friend. Raises NoSuchFriend if there is no request."""
    with write():
        lock_two_users(user.pk, other_id)
        friendship = Friendship.objects.filter(pair=_pair(user.pk, other_id)).first()
        if friendship is None or (not friendship.accepted and friendship.from_user_id == user.pk):
            raise NoSuchFriend
        if not friendship.accepted:
            friend_request(user=user, other_id=other_id)


def friend_decline(*, user: User, other_id: int) -> None:
    """Decline a friend request. The other user may send another request. Raises NoSuchFriend if there is no request."""
    _delete(user, other_id, Q(accepted=False, to_user=user))


def friend_remove(*, user: User, other_id: int) -> None:
    """End a friendship or withdraw the user's own request. Raises NoSuchFriend if there is neither."""
    _delete(user, other_id, Q(accepted=True) | Q(from_user=user))


def _delete(user: User, other_id: int, which: Q) -> None:
    with write():
        users = lock_two_users(user.pk, other_id)
        deleted, _ = Friendship.objects.filter(which, pair=_pair(user.pk, other_id)).delete()
        if not deleted:
            raise NoSuchFriend
        _publish(FRIEND_REMOVED, user, users[other_id])


def _check_limit(user: User) -> None:
    limit = settings.IM_MAX_FRIENDS_PER_USER
    if Friendship.objects.filter(Q(from_user=user) | Q(to_user=user, accepted=True)).count() >= limit:
        raise FriendRequestRefused(errors.FRIEND_LIMIT_REACHED, limit=limit)


def _publish(kind: EventKind, user: User, other: User) -> None:
    # A user who has blocked the acting user is not notified.
    recipients = (user.pk,) if has_blocked(other.pk, user.pk) else (user.pk, other.pk)
    body = {"by": user_payload(user), "who": user_payload(other)}
    publish.after_commit(log.append([log.Entry(kind=kind.name, user_ids=recipients, body=body)]))


def _pair(user_id: int, other_id: int) -> str:
    return ":".join(map(str, sorted((user_id, other_id))))


def lock_two_users(user_id: int, other_id: int) -> dict[int, User]:
    """Lock the rows of two users until the transaction ends. Returns those that exist, by id."""
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=(user_id, other_id)).order_by("pk")
    return {row.pk: row for row in rows}


def user_payload(user: User) -> dict[str, str]:
    """Return a user as event bodies hold it: `userId` (the public name), `id`, `name` (the nickname), `avatar` and
    `kind`.
    """
    return {
        "userId": user.public_name,
        "id": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
    }
