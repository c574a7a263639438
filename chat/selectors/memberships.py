"""Current and past members of channels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from chat import rules
from chat.models import Channel, Membership
from delivery.db.bulk import Statement, execute_batch
from delivery.db.prepared import PreparedQuery
from delivery.log import MembershipInterval

MEMBERS_PAGE_SIZE = 100
_INTERVAL = ("channel", "from_position", "until_position", "channel__kind")
_BY_TOKEN: PreparedQuery[Membership] = PreparedQuery(
    lambda digests: Membership.objects.filter(user__auth_token_set__digest__in=digests).values_list(
        "user__auth_token_set__digest", *_INTERVAL
    )
)
_BY_USER: PreparedQuery[Membership] = PreparedQuery(
    lambda ids: Membership.objects.filter(user__in=ids).values_list("user", *_INTERVAL)
)


def membership_intervals(user_id: int) -> list[MembershipInterval]:
    """Return all membership intervals of a user in all channels, ended ones included."""
    return intervals_by_user([user_id]).get(user_id, [])


def intervals_by_user(user_ids: Collection[int]) -> dict[int, list[MembershipInterval]]:
    """Return what `membership_intervals` returns, of several users by id. Takes one query."""
    if not user_ids:
        return {}
    (rows,) = execute_batch([_BY_USER.statement(user_ids)])
    return _intervals_by_key(_BY_USER, rows)


def intervals_by_token_statement(digests: Collection[str]) -> Statement:
    """Return the statement whose rows `intervals_by_token` takes."""
    return _BY_TOKEN.statement(digests)


def intervals_by_token(rows: Sequence[Sequence[Any]]) -> dict[str, list[MembershipInterval]]:
    """Return the membership intervals of the tokens' users, by digest."""
    return _intervals_by_key(_BY_TOKEN, rows)


def _intervals_by_key(
    query: PreparedQuery[Membership], rows: Sequence[Sequence[Any]]
) -> dict[Any, list[MembershipInterval]]:
    """Return the intervals by the first column of the rows."""
    found: dict[Any, list[MembershipInterval]] = {}
    for key, channel, start, end, kind in query.values(rows):
        interval = MembershipInterval(channel, start, end, is_direct=kind == Channel.Kind.PRIVATE)
        found.setdefault(key, []).append(interval)
    return found


def channel_intervals(user_id: int, channel: int) -> list[MembershipInterval]:
    rows = Membership.objects.filter(user=user_id, channel=channel)
    return [MembershipInterval(*row) for row in rows.values_list("channel", "from_position", "until_position")]


def current_members(channel: Channel) -> QuerySet[Membership]:
    return Membership.objects.filter(channel=channel, until_position=None).select_related("user")


def member_ids(channel: Channel) -> list[int]:
    return list(current_members(channel).order_by("user").values_list("user", flat=True))


def has_more_members(channel: Channel, limit: int) -> bool:
    """Return whether the channel has more than `limit` members."""
    return Membership.objects.filter(channel=channel, until_position=None)[: limit + 1].count() > limit


def members_page(channel: Channel, *, after: int, limit: int) -> tuple[list[Membership], bool]:
    rows = list(current_members(channel).filter(user__gt=after).order_by("user")[: limit + 1])
    return rows[:limit], len(rows) > limit


def peer_id_of(channel: Channel, user_id: int) -> int | None:
    """Return the id of the other user of a private channel; None for other channels."""
    return next((other_id for other_id in rules.pair_user_ids(channel.pair) if other_id != user_id), None)


def group_ids_of(user_id: int, limit: int) -> list[int]:
    """Return the ids of the groups the user is in, most recently active first, at most `limit`."""
    return list(_recent_memberships(user_id, Channel.Kind.PUBLIC).values_list("channel", flat=True)[:limit])


def peer_ids_of(user_id: int, limit: int) -> list[int]:
    """Return the ids of the other users of the user's private channels, most recently active first, at most `limit`."""
    pairs = _recent_memberships(user_id, Channel.Kind.PRIVATE).values_list("channel__pair", flat=True)[:limit]
    return [other_id for pair in pairs for other_id in rules.pair_user_ids(pair) if other_id != user_id]


def _recent_memberships(user_id: int, kind: str) -> QuerySet[Membership]:
    current_memberships = Membership.objects.filter(user=user_id, until_position=None, channel__kind=kind)
    return current_memberships.order_by("-channel__active_at", "channel")


def users_by_ids(ids: Iterable[int]) -> dict[int, User]:
    return User.objects.in_bulk(list(ids))
