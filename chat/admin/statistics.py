"""Statistics of the overview: messages and new users over time, the busiest channels. Cached for a minute.

No table is read completely: ids grow with time, so a binary search finds the first id of a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Max
from django.db.models.functions import TruncDate

from accounts.models import User
from chat.admin.queries import channel_titles
from chat.models import Channel, Message

CACHE_KEY = "admin.statistics"
CACHE_SECONDS = 60
DAYS = 14
MAX_MESSAGES = 500_000
"""Newest messages that are counted at most."""
MAX_BUSIEST = 8
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart; `share` is its height in percent of the highest bar."""

    label: str
    value: int
    share: int

    @property
    def top(self) -> int:
        return 100 - self.share


@dataclass(frozen=True, slots=True)
class BusyChannel:
    """A channel with its number of messages in the last day."""

    channel: int
    title: str
    value: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The bars of the three charts, and the busiest channels."""

    hours: list[Bar]
    days: list[Bar]
    joined: list[Bar]
    busiest: list[BusyChannel]

    @property
    def hours_highest(self) -> int:
        return max(bar.value for bar in self.hours)

    @property
    def days_highest(self) -> int:
        return max(bar.value for bar in self.days)

    @property
    def joined_highest(self) -> int:
        return max(bar.value for bar in self.joined)


def cached_statistics() -> Statistics:
    """Return the statistics, at most CACHE_SECONDS old."""
    found: Statistics | None = cache.get(CACHE_KEY)
    if found is None:
        found = read_statistics(datetime.now(UTC))
        cache.set(CACHE_KEY, found, CACHE_SECONDS)
    return found


def read_statistics(now: datetime) -> Statistics:
    """Return the statistics at this time."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    midnight = hour.replace(hour=0)
    hours = [hour - timedelta(hours=back) for back in range(23, -1, -1)]
    days = [midnight - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    by_hour = _messages_by_hour(days[0])
    by_day = Counter[datetime]()
    for at, count in by_hour.items():
        by_day[at.replace(hour=0)] += count
    return Statistics(
        hours=_bars([(f"{at:%H}:00", by_hour.get(at, 0)) for at in hours]),
        days=_bars([(f"{at:%m-%d}", by_day[at]) for at in days]),
        joined=_bars([(f"{at:%m-%d}", count) for at, count in _new_users_by_day(days)]),
        busiest=_busiest(hours[0]),
    )


def _bars(values: Sequence[tuple[str, int]]) -> list[Bar]:
    highest = max((value for _, value in values), default=0) or 1
    return [Bar(label, value, round(100 * value / highest)) for label, value in values]


def _messages_by_hour(start: datetime) -> dict[datetime, int]:
    rows = Message.objects.filter(pk__gte=first_id_since(start), time__gte=_ms(start)).values(at=F("time") / HOUR_MS)
    counted = rows.annotate(count=Count("pk")).order_by().values_list("at", "count")
    return {datetime.fromtimestamp(int(at) * HOUR_MS / 1000, UTC): count for at, count in counted}


def _busiest(start: datetime) -> list[BusyChannel]:
    rows = Message.objects.filter(pk__gte=first_id_since(start), time__gte=_ms(start)).values("channel")
    counted = (
        rows.annotate(count=Count("pk")).order_by("-count", "channel").values_list("channel", "count")[:MAX_BUSIEST]
    )
    found = dict(counted)
    titles = channel_titles(Channel.objects.filter(pk__in=found))
    return [BusyChannel(number, titles[number], count) for number, count in found.items()]


def _new_users_by_day(days: Sequence[datetime]) -> list[tuple[datetime, int]]:
    users = User.objects.filter(date_joined__gte=days[0], kind=User.Kind.PERSON)
    rows = users.annotate(day=TruncDate("date_joined", tzinfo=UTC)).values("day").annotate(count=Count("pk"))
    counted: dict[Any, int] = dict(rows.order_by().values_list("day", "count"))
    return [(day, counted.get(day.date(), 0)) for day in days]


def first_id_since(start: datetime) -> int:
    """Return the smallest id of the messages since `start`, but not more than MAX_MESSAGES back."""
    newest = Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
    low, high = max(0, newest - MAX_MESSAGES), newest + 1
    return _bisect(low, high, lambda number: _time_at(number) >= _ms(start))


def _bisect(low: int, high: int, is_late: Callable[[int], bool]) -> int:
    """Return the smallest number in [low, high) for which `is_late` is true, else `high`.

    `is_late` must be true for all numbers after the first such number.
    """
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_late(middle) else (middle + 1, high)
    return low


def _time_at(number: int) -> int:
    """Return the time of the first message with at least this id; a time in the far future if there is none."""
    found = Message.objects.filter(pk__gte=number).order_by("pk").values_list("time", flat=True).first()
    return found if found is not None else 1 << 62


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
