"""Friends, friend requests and blocks: every read of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.models import Block, Friendship, User
from delivery.db.bulk import Statement, execute_batch
from delivery.db.prepared import PreparedQuery

_BATCH_SIZE = 5000
"""Users looked up by one query."""
_BLOCKS: PreparedQuery[Block] = PreparedQuery(
    lambda blockers, blocked: Block.objects.filter(Q(blocker__in=blockers) | Q(blocked__in=blocked)).values_list(
        "blocker", "blocked"
    )
)


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of a user. Each list is sorted by nickname. Blocked and inactive users appear in `blocked` only."""

    friends: list[User] = field(default_factory=list)
    incoming_requests: list[User] = field(default_factory=list)
    """Users whose friend request awaits this user's answer."""
    outgoing_requests: list[User] = field(default_factory=list)
    """Users who have not answered this user's friend request."""
    blocked: list[User] = field(default_factory=list)


def contacts_of(user: User) -> Contacts:
    """Return the user's friends, unanswered friend requests and blocked users. Takes two queries."""
    contacts = Contacts(blocked=_sorted_by_name(block.blocked for block in blocks_by(user)))
    hidden = {blocked.pk for blocked in contacts.blocked}
    for friendship in friendships(user):
        sent_by_user = friendship.from_user_id == user.pk
        other = friendship.to_user if sent_by_user else friendship.from_user
        if not other.is_active or other.pk in hidden:
            continue
        if friendship.accepted:
            contacts.friends.append(other)
        else:
            (contacts.outgoing_requests if sent_by_user else contacts.incoming_requests).append(other)
    for users in (contacts.friends, contacts.incoming_requests, contacts.outgoing_requests):
        users[:] = _sorted_by_name(users)
    return contacts


def friendships(user: User) -> list[Friendship]:
    """Return all friendships and friend requests of the user, including those with blocked or deleted users."""
    rows = Friendship.objects.filter(Q(from_user=user) | Q(to_user=user)).select_related("from_user", "to_user")
    return list(rows.order_by("pk"))


def blocks_by(user: User) -> list[Block]:
    """Return the blocks that the user has placed."""
    return list(Block.objects.filter(blocker=user).select_related("blocked").order_by("pk"))


def contact_ids(user_id: int, limit: int) -> list[int]:
    """Return the ids of up to `limit` friends and users with an open friend request, the oldest first."""
    found = Friendship.objects.filter(Q(from_user=user_id) | Q(to_user=user_id)).order_by("pk")
    pairs = found.values_list("from_user", "to_user")[:limit]
    return [to_user if from_user == user_id else from_user for from_user, to_user in pairs]


def _sorted_by_name(users: Iterable[User]) -> list[User]:
    return sorted(users, key=lambda user: (user.nickname_pinyin or user.nickname_key, user.pk))


def has_blocked(by: int, blocked: int) -> bool:
    """Return whether the user `by` has blocked the user `blocked`."""
    return Block.objects.filter(blocker=by, blocked=blocked).exists()


def blockers_among(user_id: int, candidates: Iterable[int]) -> set[int]:
    """Return those of the candidates that have blocked the user."""
    return set(Block.objects.filter(blocked=user_id, blocker__in=list(candidates)).values_list("blocker", flat=True))


def blocked_pairs(user_ids: Iterable[int]) -> dict[int, set[int]]:
    """Return, for each of these users, the users that they have blocked or are blocked by.

    Users without a block are left out. Presence is hidden in both directions of a block.
    """
    ids = set(user_ids)
    if not ids:
        return {}
    (rows,) = execute_batch([blocks_statement(ids)])
    return blocked_pairs_of(ids, rows)


def blocks_statement(user_ids: Collection[int]) -> Statement:
    """Return the statement whose rows `blocked_pairs_of` takes, for at least one user."""
    return _BLOCKS.statement(user_ids, user_ids)


def blocked_pairs_of(user_ids: Collection[int], rows: Iterable[Sequence[int]]) -> dict[int, set[int]]:
    """Return what `blocked_pairs` returns."""
    blocked: dict[int, set[int]] = {}
    for blocker, blocked_id in rows:
        for user_id, other_id in ((blocker, blocked_id), (blocked_id, blocker)):
            if user_id in user_ids:
                blocked.setdefault(user_id, set()).add(other_id)
    return blocked


def presence_visible_to(viewer: User, users: Iterable[User]) -> set[int]:
    """Return the ids of those users whose presence the viewer may see: they share it, and neither blocks the other.

    The viewer always sees their own. The answer does not depend on who is online, so it reveals nothing of the others.
    """
    sharing = {user.pk for user in users if user.shares_presence or user.pk == viewer.pk}
    return _without_blocks(viewer.pk, sharing)


def users_hiding_presence(user_ids: Iterable[int]) -> set[int]:
    """Return those of the users that hide their presence from everyone. Pushes without a viewer leave them out."""
    ids, hidden = sorted(user_ids), set()
    for start in range(0, len(ids), _BATCH_SIZE):
        rows = User.objects.filter(pk__in=ids[start : start + _BATCH_SIZE], shares_presence=False)
        hidden |= set(rows.values_list("pk", flat=True))
    return hidden


def read_receipts_visible_to(viewer_id: int, user_ids: Iterable[int]) -> set[int]:
    """Return those of the users whose read position the viewer may see: they share it, and neither blocks the other."""
    sharing = User.objects.filter(pk__in=list(user_ids), shares_read=True).values_list("pk", flat=True)
    return _without_blocks(viewer_id, set(sharing))


def _without_blocks(viewer_id: int, user_ids: set[int]) -> set[int]:
    blocks = Block.objects.filter(
        Q(blocker=viewer_id, blocked__in=user_ids) | Q(blocked=viewer_id, blocker__in=user_ids)
    )
    return user_ids - {
        user_id for pair in blocks.values_list("blocker", "blocked") for user_id in pair if user_id != viewer_id
    }
