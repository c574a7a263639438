"""Who is whose friend and who blocks whom: every read of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.models import Block, Friendship, User

_TOGETHER = 5000
"""People who are looked up by one query."""


@dataclass(frozen=True, slots=True)
class Circle:
    """The people somebody knows, each list by nickname. Who is blocked or not active is in no other than the last."""

    friends: list[User] = field(default_factory=list)
    asking: list[User] = field(default_factory=list)
    """Who has asked to be friends, and has no answer yet."""
    asked: list[User] = field(default_factory=list)
    """Who has been asked, and has not answered yet."""
    blocked: list[User] = field(default_factory=list)


def circle(user: User) -> Circle:
    """The friends of a person, the requests without an answer, and whom the person blocks; in two queries."""
    found = Circle(blocked=_sorted(block.blocked for block in blocked_by(user)))
    hidden = {one.pk for one in found.blocked}
    for friendship in friendships(user):
        is_asker = friendship.asked_by_id == user.pk
        other = friendship.asked if is_asker else friendship.asked_by
        if not other.is_active or other.pk in hidden:
            continue
        place = found.friends if friendship.accepted else found.asked if is_asker else found.asking
        place.append(other)
    for people in (found.friends, found.asking, found.asked):
        people[:] = _sorted(people)
    return found


def friendships(user: User) -> list[Friendship]:
    """All that somebody's are, requests too, whoever is blocked or has gone meanwhile."""
    found = Friendship.objects.filter(Q(asked_by=user) | Q(asked=user)).select_related("asked_by", "asked")
    return list(found.order_by("pk"))


def blocked_by(user: User) -> list[Block]:
    return list(Block.objects.filter(by=user).select_related("blocked").order_by("pk"))


def known_to(person: int, limit: int) -> list[int]:
    """Friends of a person and those with a request under way, the oldest first; `limit` at most."""
    pairs = Friendship.objects.filter(Q(asked_by=person) | Q(asked=person)).order_by("pk")
    return [
        asked if asked_by == person else asked_by for asked_by, asked in pairs.values_list("asked_by", "asked")[:limit]
    ]


def _sorted(people: Iterable[User]) -> list[User]:
    return sorted(people, key=lambda user: (user.nickname_pinyin or user.nickname_key, user.pk))


def blocks(by: int, blocked: int) -> bool:
    """Whether the one wants to hear nothing from the other."""
    return Block.objects.filter(by=by, blocked=blocked).exists()


def blockers_of(person: int, among: Iterable[int]) -> set[int]:
    """Which of these people block the person."""
    return set(Block.objects.filter(blocked=person, by__in=list(among)).values_list("by", flat=True))


def apart(persons: Iterable[int]) -> dict[int, set[int]]:
    """Between whom there is a block, for each of these people: they see nothing of each other's comings and goings."""
    ids = set(persons)
    found: dict[int, set[int]] = {}
    rows = Block.objects.filter(Q(by__in=ids) | Q(blocked__in=ids)).values_list("by", "blocked")
    for pair in rows:
        for one, other in (pair, pair[::-1]):
            if one in ids:
                found.setdefault(one, set()).add(other)
    return found


def presence_shown(viewer: User, people: Iterable[User]) -> set[int]:
    """Of whom of these people the viewer may know whether they are online: who shares it, with no block between.

    Oneself always. The answer is the same for who is offline, so it tells nothing of those left out.
    """
    return _unblocked(viewer.pk, {user.pk for user in people if user.shares_presence or user.pk == viewer.pk})


def presence_hidden(people: Iterable[int]) -> set[int]:
    """Who of these people lets nobody see that they are online; what is told without a viewer leaves them out."""
    ids, hidden = sorted(people), set()
    for start in range(0, len(ids), _TOGETHER):
        found = User.objects.filter(pk__in=ids[start : start + _TOGETHER], shares_presence=False)
        hidden |= set(found.values_list("pk", flat=True))
    return hidden


def readers_shown(viewer: int, people: Iterable[int]) -> set[int]:
    """Of whom of these people the viewer may know how far they have read: who shares it, with no block between."""
    sharing = User.objects.filter(pk__in=list(people), shares_read=True).values_list("pk", flat=True)
    return _unblocked(viewer, set(sharing))


def _unblocked(viewer: int, people: set[int]) -> set[int]:
    between = Block.objects.filter(Q(by=viewer, blocked__in=people) | Q(blocked=viewer, by__in=people))
    return people - {person for pair in between.values_list("by", "blocked") for person in pair if person != viewer}
