"""Reads what clients that have just logged in have received, in a few queries for any number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import OuterRef, Subquery

from accounts.selectors.received_positions import received_positions
from chat.models import Channel, Message
from chat.selectors.memberships import intervals_by_user
from chat.selectors.messages import messages_in_intervals
from delivery.db.bulk import execute_batch
from delivery.db.prepared import PreparedQuery
from delivery.log import MembershipInterval

_CHANNELS_PER_QUERY = 5000
# A subquery for each channel: for a join, PostgreSQL may read all messages of the channels.
_NEWEST: PreparedQuery[Channel] = PreparedQuery(
    lambda channels: (
        Channel.objects.filter(pk__in=channels)
        .annotate(
            newest=Subquery(
                Message.objects.filter(channel=OuterRef("pk"), seq=OuterRef("last_seq")).values("position")[:1]
            )
        )
        .values_list("pk", "newest")
    )
)


@dataclass(frozen=True, slots=True)
class ReceivedQuery:
    """The question whether the user's client lacks messages up to `upto`.

    It has everything up to `after`; if that is None, up to the position that is stored for the token with this digest.
    """

    user_id: int
    upto: int
    digest: str
    after: int | None = None


class ReceivedAnswer(NamedTuple):
    """The position up to which the client has everything, and whether it lacks a message beyond that."""

    position: int
    lacks_messages: bool


def received_answers(queries: Sequence[ReceivedQuery]) -> list[ReceivedAnswer]:
    """Return the answers in the same order."""
    stored = received_positions({query.digest for query in queries if query.after is None})
    positions = [stored.get(query.digest, 0) if query.after is None else query.after for query in queries]
    behind = {query.user_id for query, position in zip(queries, positions, strict=True) if position < query.upto}
    intervals = intervals_by_user(behind)
    current = {
        interval.channel for found in intervals.values() for interval in found if interval.until_position is None
    }
    newest = _newest_positions(sorted(current))
    return [
        ReceivedAnswer(
            position,
            position < query.upto and _lacks_messages(intervals.get(query.user_id, ()), newest, position, query.upto),
        )
        for query, position in zip(queries, positions, strict=True)
    ]


def _newest_positions(channels: Sequence[int]) -> dict[int, int]:
    """Return the positions of the newest messages of the channels that have any."""
    newest: dict[int, int] = {}
    for start in range(0, len(channels), _CHANNELS_PER_QUERY):
        (rows,) = execute_batch([_NEWEST.statement(channels[start : start + _CHANNELS_PER_QUERY])])
        newest |= {channel: position for channel, position in rows if position is not None}
    return newest


def _lacks_messages(intervals: Sequence[MembershipInterval], newest: Mapping[int, int], after: int, upto: int) -> bool:
    current = [interval for interval in intervals if interval.until_position is None]
    later = [interval for interval in current if newest.get(interval.channel, 0) > after]
    if not later:
        return False
    if any(interval.covers(newest[interval.channel]) and newest[interval.channel] <= upto for interval in later):
        return True
    # Messages came after the log-in, or before the user joined; an earlier one may lie in the range.
    found, _ = messages_in_intervals(intervals, after=after, upto=upto, page_size=1)
    return bool(found)
