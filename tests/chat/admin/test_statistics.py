"""The figures of the first page are counted by day and hour without reading all rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from chat.actions.channel import channel_create_private
from chat.admin.statistics import DAYS, Statistics, cached_statistics, first_id_since, read_statistics
from chat.models import Channel, Message
from tests.support.operators import send_message, staff_browser

NOW = datetime(2026, 5, 20, 15, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def store_messages(sender: User, channel: Channel, *ago: timedelta) -> list[int]:
    """Store messages of these ages before NOW, the oldest first."""
    ids = []
    for span in ago:
        message = send_message(sender, channel, "hello")
        Message.objects.filter(pk=message.pk).update(time=int((NOW - span).timestamp() * 1000))
        ids.append(message.pk)
    return ids


def filled(found: Statistics) -> tuple[dict[str, int], dict[str, int]]:
    return (
        {bar.label: bar.value for bar in found.hours if bar.value},
        {bar.label: bar.value for bar in found.days if bar.value},
    )


def test_messages_are_counted_by_hour_and_day(alice: User, bob: User, group: Channel) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    day, hour = timedelta(days=1), timedelta(hours=1)
    store_messages(alice, group, 40 * day, 13 * day, 3 * day, 25 * hour)
    store_messages(bob, private, 16 * hour, hour)
    store_messages(alice, group, hour, timedelta(0))
    found = read_statistics(NOW)
    assert filled(found) == (
        {"23:00": 1, "14:00": 2, "15:00": 1},
        {"05-07": 1, "05-17": 1, "05-19": 2, "05-20": 3},
    )
    assert len(found.hours) == 24 and len(found.days) == DAYS
    assert [(busy.title, busy.value) for busy in found.busiest] == [("Painters", 2), ("Alice, Bob", 2)]
    highest = max(found.days, key=lambda bar: bar.value)
    assert (highest.share, highest.top) == (100, 0)


def test_new_accounts_are_counted_without_guests(alice: User) -> None:
    User.objects.create_user("g", kind=User.Kind.GUEST, date_joined=NOW)
    User.objects.filter(pk=alice.pk).update(date_joined=NOW - timedelta(days=2))
    assert {bar.label: bar.value for bar in read_statistics(NOW).joined if bar.value} == {"05-18": 1}


def test_a_day_begins_where_its_first_message_is(alice: User, group: Channel) -> None:
    ids = store_messages(alice, group, *(timedelta(hours=back) for back in (50, 40, 30, 20, 10)))
    assert ids[1] < first_id_since(NOW - timedelta(hours=35)) <= ids[2]
    assert first_id_since(NOW + timedelta(days=1)) > ids[-1]
    assert first_id_since(NOW - timedelta(days=99)) <= ids[0]


def test_figures_are_cached_for_a_while(alice: User, group: Channel) -> None:
    assert not cached_statistics().busiest
    send_message(alice, group, "hello")
    assert not cached_statistics().busiest
    cache.clear()
    assert [busy.channel for busy in cached_statistics().busiest] == [group.pk]


def test_charts_need_no_script_and_are_shown_with_permission_only(
    operator: Client, alice: User, group: Channel
) -> None:
    send_message(alice, group, "hello")
    html = operator.get("/admin/").content.decode()
    assert html.count('data-testid="chart"') == 3 and ">Painters</a>" in html and "Logged errors" in html
    plain = staff_browser().get("/admin/").content.decode()
    assert 'data-testid="chart"' not in plain and "Painters" not in plain and 'data-testid="nodes"' not in plain
