"""Each push is delivered once, and those of a channel in order, across reconnects."""

from __future__ import annotations

from imsite.client.position_tracker import PositionTracker
from imsite.client.types import Push


def at(*positions: int) -> list[Push]:
    return [Push("msg", {"position": position}) for position in positions]


def positions(pushes: list[Push]) -> list[int | None]:
    return [push.position for push in pushes]


def entered(tracker: PositionTracker, position: int) -> bool:
    tracker.start_login()
    return tracker.finish_login(position)


def live(tracker: PositionTracker, *pushed: int) -> list[int | None]:
    return [position for one in at(*pushed) for position in positions(tracker.receive(one))]


def test_the_first_connection_starts_with_new_pushes() -> None:
    tracker = PositionTracker()
    assert not entered(tracker, 40)
    assert live(tracker, 41, 43) == [41, 43]
    assert tracker.confirmed == 40


def test_pushes_from_before_a_disconnect_are_not_repeated() -> None:
    tracker = PositionTracker()
    entered(tracker, 40)
    live(tracker, 41, 42)
    assert entered(tracker, 40)
    assert positions(tracker.receive_page(at(41, 42, 43), 43, has_more=False)) == [43]
    assert tracker.confirmed == 43


def test_live_pushes_wait_for_missed_ones() -> None:
    tracker = PositionTracker(after=10)
    entered(tracker, 10)
    assert live(tracker, 14, 15) == []
    assert positions(tracker.receive_page(at(11, 12), 12, has_more=True)) == [11, 12]
    assert live(tracker, 16) == []
    assert positions(tracker.receive_page(at(13, 14), 14, has_more=False)) == [13, 14, 15, 16]
    assert live(tracker, 17) == [17]


def test_a_push_in_no_page_is_not_lost() -> None:
    """Global channels are not fetched, so their message may lie below the position of the page."""
    tracker = PositionTracker(after=10)
    entered(tracker, 10)
    live(tracker, 12)
    assert positions(tracker.receive_page(at(11), 13, has_more=True)) == [11]
    assert positions(tracker.receive_page(at(14), 14, has_more=False)) == [14, 12]


def test_a_lagging_node_causes_no_repeated_push() -> None:
    tracker = PositionTracker()
    entered(tracker, 40)
    live(tracker, 41)
    tracker.confirm(41)
    entered(tracker, 41)
    tracker.receive_page((), 41, has_more=False)
    assert live(tracker, 41, 42) == [42]


def test_a_second_disconnect_while_fetching_fetches_the_rest() -> None:
    tracker = PositionTracker(after=10)
    entered(tracker, 10)
    live(tracker, 20)
    tracker.receive_page(at(11, 12), 12, has_more=True)
    assert tracker.confirmed == 12
    entered(tracker, 12)
    assert positions(tracker.receive_page(at(13, 20), 20, has_more=False)) == [13, 20]


def test_an_acknowledged_own_message_is_not_repeated() -> None:
    tracker = PositionTracker()
    entered(tracker, 40)
    tracker.mark_delivered(41)
    entered(tracker, 40)
    assert positions(tracker.receive_page(at(41, 42), 42, has_more=False)) == [42]


def test_a_reset_continues_at_the_position_of_the_site() -> None:
    """After a restore the log's head may lie before the last reported position."""
    tracker = PositionTracker(after=1000)
    entered(tracker, 1000)
    assert live(tracker, 31) == []
    assert positions(tracker.reset(30)) == []
    assert tracker.confirmed == 30
    assert live(tracker, 31) == [31]


def test_a_push_without_a_position_is_delivered_at_once() -> None:
    tracker = PositionTracker(after=10)
    entered(tracker, 10)
    assert tracker.receive(Push("enter", {})) == [Push("enter", {})]


def test_remembered_positions_are_bounded() -> None:
    tracker = PositionTracker()
    entered(tracker, 0)
    for position in range(1, 1000):
        live(tracker, position)
        tracker.confirm(position)
    assert tracker._delivered == set()
