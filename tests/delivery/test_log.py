"""The log: positions without a gap, replay by stays, and what a recall leaves of it."""

from __future__ import annotations

import pytest
from django.db import transaction

from delivery import log
from delivery.log import Entry, MembershipInterval, Replay
from delivery.models import Event

pytestmark = pytest.mark.django_db

ALICE, BOB = 1, 2
GROUP, OTHER = 10, 20


def say(count: int = 1, channel: int = GROUP, **fields: object) -> list[Entry]:
    return log.append([Entry(kind="msg", channel=channel, **fields) for _ in range(count)])  # type: ignore[arg-type]


def replayed(
    *stays: MembershipInterval, after: int = 0, page: int = 100, limit: int = 1000, person: int = ALICE
) -> Replay:
    return log.replay(person, stays, after=after, upto=log.head(), page=page, limit=limit)


def positions(replay: Replay) -> list[int]:
    return [entry.position for entry in replay.entries]


# -- appending --------------------------------------------------------------------------------------------------------


def test_positions_begin_at_one_and_have_no_gap() -> None:
    assert log.head() == 0
    assert [entry.position for entry in say(3)] == [1, 2, 3]
    assert [entry.position for entry in say(2, OTHER)] == [4, 5]
    assert log.head() == 5
    assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_no_gap() -> None:
    say()
    with transaction.atomic():
        say(5)
        transaction.set_rollback(True)
    assert [entry.position for entry in say()] == [2]


def test_an_entry_comes_back_as_it_was_appended() -> None:
    fields = {"ref": 7, "subject": 3, "app": 101, "origin": "c.1"}
    sent = Entry(kind="x", persons=(BOB, ALICE), header={"skip": [ALICE]}, body={"msg": "夏圭？"}, **fields)  # type: ignore[arg-type]
    log.append([sent])
    (read,) = log.read(0, 10)
    assert (read.kind, read.channel, set(read.persons)) == ("x", None, {ALICE, BOB})
    assert (read.ref, read.subject, read.app, read.origin) == (7, 3, 101, "c.1")
    assert (read.header, read.body) == ({"skip": [ALICE]}, {"msg": "夏圭？"})
    assert (read.position, read.time) == (sent.position, sent.time) and read.time > 0


def test_followers_read_in_order_from_where_they_are() -> None:
    say(5)
    assert [entry.position for entry in log.read(2, 2)] == [3, 4]
    assert log.read(5, 10) == []


def test_the_newest_of_one_kind_in_a_channel() -> None:
    for number in range(4):
        log.append([Entry(kind="note", channel=GROUP, body={"n": number}), Entry(kind="msg", channel=GROUP)])
    log.append([Entry(kind="note", channel=OTHER)])
    assert [e.position for e in log.read_channel(GROUP, "note", 1, None, 2)] == [5, 7]
    assert [e.position for e in log.read_channel(GROUP, "note", 1, 7, 9)] == [3, 5]


# -- replaying --------------------------------------------------------------------------------------------------------


def test_a_person_gets_the_events_of_their_stays_and_their_own() -> None:
    say()
    log.append([Entry(kind="for Alice", persons=(ALICE,)), Entry(kind="for Bob", persons=(BOB,))])
    say(1, OTHER)
    say()
    assert positions(replayed(MembershipInterval(GROUP, 1))) == [1, 2, 5]
    assert positions(replayed()) == [2]
    assert replayed().position == 5


def test_a_stay_counts_its_join_and_its_leave_and_nothing_between_two_stays() -> None:
    say(9)
    assert positions(replayed(MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 7))) == [2, 3, 4, 7, 8, 9]
    assert positions(replayed(MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 7), after=4)) == [7, 8, 9]
    assert positions(replayed(MembershipInterval(GROUP, 2, 4), after=4)) == []


@pytest.mark.parametrize("after", [0, 8, 9], ids=["from the start", "while away", "since the return"])
def test_an_edit_reaches_who_could_read_the_message_in_an_earlier_stay(after: int) -> None:
    """Alice was there from 2 to 4 and is back since 9; every message is edited afterwards."""
    say(9)
    for subject in range(1, 10):
        log.append([Entry(kind="edit", channel=GROUP, subject=subject)])
    replay = replayed(MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 9), after=after)
    edited = [entry.subject for entry in replay.entries if entry.kind == "edit"]
    assert edited == [2, 3, 4, 9]


def test_pages_follow_each_other_without_gap_or_repeat() -> None:
    say(4)
    say(3, OTHER)
    say(4)
    seen: list[int] = []
    pages, after, more = 0, 0, True
    while more:
        page = replayed(MembershipInterval(GROUP, 1), after=after, page=3)
        seen += positions(page)
        pages, after, more = pages + 1, page.position, page.has_more
    assert seen == [1, 2, 3, 4, 8, 9, 10, 11] and pages == 3 and after == 11


def test_a_full_last_page_has_nothing_more() -> None:
    say(3)
    page = replayed(MembershipInterval(GROUP, 1), page=3)
    assert positions(page) == [1, 2, 3] and not page.has_more


def test_too_far_behind_is_told_to_reset() -> None:
    say(5)
    assert not replayed(MembershipInterval(GROUP, 1), limit=5).reset
    assert replayed(MembershipInterval(GROUP, 1), limit=4) == Replay([], 5, reset=True)


def test_from_beyond_the_head_is_told_to_reset() -> None:
    say(5)
    assert replayed(MembershipInterval(GROUP, 1), after=6) == Replay([], 5, reset=True)
    assert replayed(MembershipInterval(GROUP, 1), after=5) == Replay([], 5)


def test_much_that_was_said_while_away_hides_nothing_that_came_after() -> None:
    """Alice left at 1 and returned at 22, over the limit twice: she is told to reset, or gets what is hers."""
    say(25)
    replay = replayed(MembershipInterval(GROUP, 1, 1), MembershipInterval(GROUP, 22), limit=10)
    assert replay.reset or positions(replay) == [1, 22, 23, 24, 25]
    replay = replayed(MembershipInterval(GROUP, 1, 1), MembershipInterval(GROUP, 22), after=20, limit=10)
    assert positions(replay) == [22, 23, 24, 25]


def test_what_was_redacted_is_shown_to_nobody_any_more() -> None:
    say(1, ref=7, body={"msg": "secret", "id": "7"})
    log.append([Entry(kind="edit", channel=GROUP, ref=7, body={"msg": "secret 2"})])
    say(1, ref=8, body={"msg": "public"})
    log.redact(7, {"msg": "", "recalled": True})
    bodies = [entry.body for entry in replayed(MembershipInterval(GROUP, 1)).entries]
    assert bodies == [{"msg": "", "id": "7", "recalled": True}, {"msg": "", "recalled": True}, {"msg": "public"}]


@pytest.mark.parametrize(
    ("position", "subject", "visible"),
    [
        (1, None, False), (2, None, True), (4, None, True), (5, None, False), (7, None, True), (99, None, True),
        (8, 3, True), (8, 5, False), (8, 8, True), (5, 3, False),
    ],
)  # fmt: skip
def test_who_may_see_what(position: int, subject: int | None, visible: bool) -> None:
    assert log.may_see([MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 7)], position, subject) is visible


def test_a_page_of_stays_finds_what_lies_far_apart_and_nothing_between() -> None:
    log.append([Entry(kind="msg", channel=1) for _ in range(30)])
    stays = [MembershipInterval(1, 1, 2), MembershipInterval(1, 20)]

    def page(after: int) -> tuple[list[int], bool]:
        entries, more = log.read_stays(stays, "msg", after=after, upto=30, page=2)
        return [entry.position for entry in entries], more

    assert [page(0), page(2), page(28), page(30)] == [([1, 2], True), ([20, 21], True), ([29, 30], False), ([], False)]
    assert log.read_stays([], "msg", after=0, upto=30, page=2) == ([], False)
    assert log.read_stays(stays, "note", after=0, upto=30, page=2) == ([], False)


def test_a_page_of_stays_is_cut_where_it_grows_too_large() -> None:
    log.append([Entry(kind="msg", channel=1, body={"text": "x" * 100}) for _ in range(3)])
    entries, more = log.read_stays([MembershipInterval(1, 1)], "msg", after=0, upto=3, page=50, size=150)
    assert ([entry.position for entry in entries], more) == ([1], True)


def test_who_looks_for_few_kinds_finds_them_and_no_private_ones() -> None:
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
    headings = log.headings(kinds, after=0, upto=5, limit=9)
    assert [(one.position, one.channel, one.direct) for one in headings] == [
        (1, 1, False), (2, 2, True), (3, 1, False), (4, None, False),
    ]  # fmt: skip
    assert [one.position for one in log.headings(kinds, after=1, upto=4, limit=2)] == [2, 3]
