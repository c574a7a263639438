"""Replays of the event log by membership intervals."""

from __future__ import annotations

import pytest

from delivery import log
from delivery.log import Entry, MembershipInterval
from delivery.replay import SHARED_RANGE, Replay, ReplayRange, can_see, read_intervals, replay, replay_together
from tests.support.queries import Queries

pytestmark = pytest.mark.django_db

ALICE, BOB = 1, 2
GROUP, OTHER_GROUP = 10, 20


def append_messages(count: int = 1, channel: int = GROUP) -> None:
    log.append([Entry(kind="msg", channel=channel) for _ in range(count)])


def replay_alice(*intervals: MembershipInterval, after: int = 0, page_size: int = 100, limit: int = 1000) -> Replay:
    """Return the page. A replay that shares its queries must return the same."""
    wanted = ReplayRange(ALICE, after, log.head())
    page = replay(ALICE, intervals, after=after, upto=wanted.upto, page_size=page_size, limit=limit)
    if wanted.is_short and wanted.upto - after <= limit:
        assert replay_together([wanted], {ALICE: intervals}, page_size=page_size) == [page]
    return page


def positions(replay: Replay) -> list[int]:
    return [entry.position for entry in replay.entries]


def test_alice_gets_the_events_of_her_intervals_and_her_own() -> None:
    append_messages()
    log.append([Entry(kind="for Alice", user_ids=(ALICE,)), Entry(kind="for Bob", user_ids=(BOB,))])
    append_messages(1, OTHER_GROUP)
    append_messages()
    assert positions(replay_alice(MembershipInterval(GROUP, 1))) == [1, 2, 5]
    assert positions(replay_alice()) == [2]
    assert replay_alice().position == 5


def test_an_interval_includes_its_join_and_its_leave_only() -> None:
    append_messages(9)
    assert positions(replay_alice(MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 7))) == [
        2,
        3,
        4,
        7,
        8,
        9,
    ]
    assert positions(replay_alice(MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 7), after=4)) == [
        7,
        8,
        9,
    ]
    assert positions(replay_alice(MembershipInterval(GROUP, 2, 4), after=4)) == []


@pytest.mark.parametrize("after", [0, 8, 9], ids=["from the start", "while away", "since the return"])
def test_alice_gets_an_edit_of_a_message_that_she_could_read_in_an_earlier_interval(after: int) -> None:
    """Alice was a member from 2 to 4 and is again since 9; every message is edited afterwards."""
    append_messages(9)
    for subject in range(1, 10):
        log.append([Entry(kind="edit", channel=GROUP, subject=subject)])
    replay = replay_alice(MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 9), after=after)
    edited = [entry.subject for entry in replay.entries if entry.kind == "edit"]
    assert edited == [2, 3, 4, 9]


def test_pages_follow_each_other_without_gap_or_repeat() -> None:
    append_messages(4)
    append_messages(3, OTHER_GROUP)
    append_messages(4)
    seen: list[int] = []
    pages, after, more = 0, 0, True
    while more:
        page = replay_alice(MembershipInterval(GROUP, 1), after=after, page_size=3)
        seen += positions(page)
        pages, after, more = pages + 1, page.position, page.has_more
    assert seen == [1, 2, 3, 4, 8, 9, 10, 11] and pages == 3 and after == 11


def test_a_full_last_page_has_no_more() -> None:
    append_messages(3)
    page = replay_alice(MembershipInterval(GROUP, 1), page_size=3)
    assert positions(page) == [1, 2, 3] and not page.has_more


def test_a_replay_over_the_limit_is_a_reset() -> None:
    append_messages(5)
    assert not replay_alice(MembershipInterval(GROUP, 1), limit=5).reset
    assert replay_alice(MembershipInterval(GROUP, 1), limit=4) == Replay([], 5, reset=True)


def test_a_replay_from_beyond_the_head_is_a_reset() -> None:
    append_messages(5)
    assert replay_alice(MembershipInterval(GROUP, 1), after=6) == Replay([], 5, reset=True)
    assert replay_alice(MembershipInterval(GROUP, 1), after=5) == Replay([], 5)


def test_many_events_between_two_intervals_do_not_hide_later_events() -> None:
    """Alice left at 1 and returned at 22, over the limit twice: she gets a reset, or all of her events."""
    append_messages(25)
    replay = replay_alice(MembershipInterval(GROUP, 1, 1), MembershipInterval(GROUP, 22), limit=10)
    assert replay.reset or positions(replay) == [1, 22, 23, 24, 25]
    replay = replay_alice(MembershipInterval(GROUP, 1, 1), MembershipInterval(GROUP, 22), after=20, limit=10)
    assert positions(replay) == [22, 23, 24, 25]


@pytest.mark.parametrize(
    ("position", "subject", "visible"),
    [
        (1, None, False), (2, None, True), (4, None, True), (5, None, False), (7, None, True), (99, None, True),
        (8, 3, True), (8, 5, False), (8, 8, True), (5, 3, False),
    ],
)  # fmt: skip
def test_an_event_is_visible_where_its_subject_is(position: int, subject: int | None, visible: bool) -> None:
    assert can_see([MembershipInterval(GROUP, 2, 4), MembershipInterval(GROUP, 7)], position, subject) is visible


def test_a_page_has_events_that_lie_far_apart_and_none_between_two_intervals() -> None:
    log.append([Entry(kind="msg", channel=1) for _ in range(30)])
    intervals = [MembershipInterval(1, 1, 2), MembershipInterval(1, 20)]

    def page(after: int) -> tuple[list[int], bool]:
        entries, more = read_intervals(intervals, "msg", after=after, upto=30, page_size=2)
        return [entry.position for entry in entries], more

    assert [page(0), page(2), page(28), page(30)] == [([1, 2], True), ([20, 21], True), ([29, 30], False), ([], False)]
    assert read_intervals([], "msg", after=0, upto=30, page_size=2) == ([], False)
    assert read_intervals(intervals, "note", after=0, upto=30, page_size=2) == ([], False)


def test_a_page_ends_before_it_grows_too_large() -> None:
    log.append([Entry(kind="msg", channel=1, body={"text": "x" * 100}) for _ in range(3)])
    entries, more = read_intervals([MembershipInterval(1, 1)], "msg", after=0, upto=3, page_size=50, max_chars=150)
    assert ([entry.position for entry in entries], more) == ([1], True)


@pytest.mark.parametrize("max_chars", [60, 100_000])
def test_replays_that_share_their_queries_return_what_each_alone_returns(
    monkeypatch: pytest.MonkeyPatch, max_chars: int
) -> None:
    for number in range(6):
        append_messages()
        log.append([Entry(kind="note", channel=OTHER_GROUP, subject=number + 1, body={"text": "x" * 20})])
        log.append([Entry(kind="own", user_ids=(ALICE, BOB) if number % 2 else (BOB,), body={"text": "y" * 20})])
    head = log.head()
    intervals = {
        ALICE: [MembershipInterval(GROUP, 2, 7), MembershipInterval(OTHER_GROUP, 5)],
        BOB: [MembershipInterval(GROUP, 4), MembershipInterval(OTHER_GROUP, 2, 5), MembershipInterval(OTHER_GROUP, 11)],
    }
    ranges = [
        ReplayRange(user_id, after, upto)
        for user_id in (ALICE, BOB, 3) for after in range(head + 1) for upto in range(after, head + 1)
    ]  # fmt: skip
    expected = [
        replay(
            one.user_id, intervals.get(one.user_id, ()), after=one.after, upto=one.upto,
            page_size=3, limit=1000, max_chars=max_chars,
        )
        for one in ranges
    ]  # fmt: skip
    of_kind = [
        read_intervals(
            intervals.get(one.user_id, ()), "note", after=one.after, upto=one.upto, page_size=3, max_chars=max_chars
        )
        for one in ranges
    ]
    found_of_kind = replay_together(ranges, intervals, page_size=3, max_chars=max_chars, kind="note")
    assert [(page.entries, page.has_more) for page in found_of_kind] == of_kind
    queries = Queries(monkeypatch)
    with queries.recorded() as found:
        assert replay_together(ranges, intervals, page_size=3, max_chars=max_chars) == expected
    assert len(found) <= 4


@pytest.mark.parametrize(
    ("after", "is_short"), [(0, False), (1, True), (SHARED_RANGE + 1, True), (SHARED_RANGE + 2, False)]
)
def test_only_short_ranges_share_their_queries(after: int, is_short: bool) -> None:
    """A range from beyond its end is a reset, and a long one may be."""
    assert ReplayRange(ALICE, after, SHARED_RANGE + 1).is_short is is_short
