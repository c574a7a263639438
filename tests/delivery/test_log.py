"""The event log: positions without a gap, reads by position, redaction."""

from __future__ import annotations

import pytest
from django.db import transaction

from delivery import log
from delivery.log import Entry
from delivery.models import Event, EventRecipient

pytestmark = pytest.mark.django_db

ALICE, BOB = 1, 2
GROUP, OTHER_GROUP = 10, 20


def append_messages(count: int = 1, channel: int = GROUP, **fields: object) -> list[Entry]:
    return log.append([Entry(kind="msg", channel=channel, **fields) for _ in range(count)])  # type: ignore[arg-type]


def test_positions_begin_at_one_and_have_no_gap() -> None:
    assert log.head() == 0
    assert [entry.position for entry in append_messages(3)] == [1, 2, 3]
    assert [entry.position for entry in append_messages(2, OTHER_GROUP)] == [4, 5]
    assert log.head() == 5
    assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_no_gap() -> None:
    append_messages()
    with transaction.atomic():
        append_messages(5)
        transaction.set_rollback(True)
    assert [entry.position for entry in append_messages()] == [2]


def test_the_first_event_since_a_time_is_found_beyond_deleted_ones() -> None:
    assert log.first_position_since(10) == 1
    log.append([Entry(kind="msg", channel=GROUP, time=time) for time in (10, 20, 20, 30, 40)])
    log.delete(2)
    log.delete(4)
    assert [log.first_position_since(time) for time in (5, 10, 11, 20, 21, 31, 41)] == [1, 1, 3, 3, 5, 5, 6]
    for position in (1, 3, 5):
        log.delete(position)
    assert log.first_position_since(5) == 6


def test_an_event_is_read_as_it_was_appended() -> None:
    fields = {"ref": 7, "subject": 3, "app": 101, "origin": "c.1"}
    sent = Entry(kind="x", user_ids=(BOB, ALICE), header={"skip": [ALICE]}, body={"msg": "夏圭？"}, **fields)  # type: ignore[arg-type]
    log.append([sent])
    (read,) = log.read(0, 10)
    assert (read.kind, read.channel, set(read.user_ids)) == ("x", None, {ALICE, BOB})
    assert (read.ref, read.subject, read.app, read.origin) == (7, 3, 101, "c.1")
    assert (read.header, read.body) == ({"skip": [ALICE]}, {"msg": "夏圭？"})
    assert (read.position, read.time) == (sent.position, sent.time) and read.time > 0


def test_events_after_a_position_are_read_in_order() -> None:
    append_messages(5)
    assert [entry.position for entry in log.read(2, 2)] == [3, 4]
    assert log.read(5, 10) == []


def test_the_newest_events_of_a_kind_in_a_channel_are_read() -> None:
    for number in range(4):
        log.append([Entry(kind="note", channel=GROUP, body={"n": number}), Entry(kind="msg", channel=GROUP)])
    log.append([Entry(kind="note", channel=OTHER_GROUP)])
    assert [e.position for e in log.read_channel(GROUP, ["note"], 1, None, 2)] == [5, 7]
    assert [e.position for e in log.read_channel(GROUP, ["note"], 1, 7, 9)] == [3, 5]


def test_a_redacted_text_is_in_no_event_about_its_message() -> None:
    append_messages(1, ref=7, body={"msg": "secret", "id": "7"})
    log.append([Entry(kind="edit", channel=GROUP, ref=7, body={"msg": "secret 2"})])
    append_messages(1, ref=8, body={"msg": "public"})
    log.append([Entry(kind="star", channel=GROUP, ref=7, body={"by": "bob"})])
    log.redact({7: {"msg": "", "recalled": True}}, {"msg": {"msg", "recalled"}, "edit": {"msg"}})
    assert [entry.body for entry in log.read(0, 10)] == [
        {"msg": "", "id": "7", "recalled": True},
        {"msg": ""},
        {"msg": "public"},
        {"by": "bob"},
    ]


def test_events_of_some_kinds_are_read_without_those_of_private_channels() -> None:
    with transaction.atomic():
        log.append(
            [
                Entry(kind="msg", channel=1),
                Entry(kind="msg", channel=2, header={"route": [1, 2]}),
                Entry(kind="note", channel=1, header={"join": [1]}),
                Entry(kind="online"),
                Entry(kind="other", channel=1),
            ]
        )
    kinds = ("msg", "note", "online")

    def found(**where: int) -> list[int]:
        return [entry.position for entry in log.read_kinds(kinds, **{"after": 0, "upto": 5, "limit": 9} | where)]

    assert found() == [1, 3, 4]
    assert found(channel=1) == [1, 3] and found(channel=2) == [2]
    assert found(limit=2) == [1, 3] and found(after=1, upto=3) == [3]
    summaries = log.read_summaries(kinds, after=0, upto=5, limit=9)
    assert [(one.position, one.channel, one.is_direct) for one in summaries] == [
        (1, 1, False), (2, 2, True), (3, 1, False), (4, None, False),
    ]  # fmt: skip
    assert [one.position for one in log.read_summaries(kinds, after=1, upto=4, limit=2)] == [2, 3]


def test_deleted_events_leave_a_gap_that_readers_pass_over() -> None:
    append_messages(1, ref=7)
    log.append([Entry(kind="for Alice", user_ids=(ALICE,), ref=7)])
    append_messages(1, ref=8)
    log.delete_about([7])
    assert [entry.position for entry in log.read(0, 10)] == [3]
    assert not EventRecipient.objects.exists()
