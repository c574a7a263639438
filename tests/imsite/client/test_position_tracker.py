"""Each push once, a channel's in order, whatever the connections do."""

from __future__ import annotations

from imsite.client.position_tracker import Progress
from imsite.client.types import Push


def at(*positions: int) -> list[Push]:
    return [Push("msg", {"position": position}) for position in positions]


def positions(pushes: list[Push]) -> list[int | None]:
    return [push.position for push in pushes]


def entered(progress: Progress, position: int) -> bool:
    progress.entering()
    return progress.entered(position)


def live(progress: Progress, *pushed: int) -> list[int | None]:
    return [position for one in at(*pushed) for position in positions(progress.pushed(one))]


def test_the_first_connection_begins_with_what_comes() -> None:
    progress = Progress()
    assert not entered(progress, 40)
    assert live(progress, 41, 43) == [41, 43]
    assert progress.told == 40


def test_what_came_before_the_cut_does_not_come_again() -> None:
    progress = Progress()
    entered(progress, 40)
    live(progress, 41, 42)
    assert entered(progress, 40)
    assert positions(progress.fetched(at(41, 42, 43), 43, more=False)) == [43]
    assert progress.told == 43


def test_live_pushes_wait_behind_what_was_missed() -> None:
    progress = Progress(after=10)
    entered(progress, 10)
    assert live(progress, 14, 15) == []
    assert positions(progress.fetched(at(11, 12), 12, more=True)) == [11, 12]
    assert live(progress, 16) == []
    assert positions(progress.fetched(at(13, 14), 14, more=False)) == [13, 14, 15, 16]
    assert live(progress, 17) == [17]


def test_what_is_in_no_page_is_not_lost() -> None:
    """An app's room is not fetched, so its message may lie below the position of the page."""
    progress = Progress(after=10)
    entered(progress, 10)
    live(progress, 12)
    assert positions(progress.fetched(at(11), 13, more=True)) == [11]
    assert positions(progress.fetched(at(14), 14, more=False)) == [14, 12]


def test_a_node_that_is_behind_pushes_nothing_a_second_time() -> None:
    progress = Progress()
    entered(progress, 40)
    live(progress, 41)
    progress.tell(41)
    entered(progress, 41)
    progress.fetched((), 41, more=False)
    assert live(progress, 41, 42) == [42]


def test_a_second_cut_while_fetching_fetches_the_rest() -> None:
    progress = Progress(after=10)
    entered(progress, 10)
    live(progress, 20)
    progress.fetched(at(11, 12), 12, more=True)
    assert progress.told == 12
    entered(progress, 12)
    assert positions(progress.fetched(at(13, 20), 20, more=False)) == [13, 20]


def test_ones_own_message_is_known_from_its_acknowledgement() -> None:
    progress = Progress()
    entered(progress, 40)
    progress.know(41)
    entered(progress, 40)
    assert positions(progress.fetched(at(41, 42), 42, more=False)) == [42]


def test_a_reset_goes_on_from_where_the_site_says() -> None:
    """After a restore the log's head may lie before what one was told."""
    progress = Progress(after=1000)
    entered(progress, 1000)
    assert live(progress, 31) == []
    assert positions(progress.reset(30)) == []
    assert progress.told == 30
    assert live(progress, 31) == [31]


def test_what_has_no_position_comes_at_once() -> None:
    progress = Progress(after=10)
    entered(progress, 10)
    assert progress.pushed(Push("enter", {})) == [Push("enter", {})]


def test_what_is_remembered_does_not_grow() -> None:
    progress = Progress()
    entered(progress, 0)
    for position in range(1, 1000):
        live(progress, position)
        progress.tell(position)
    assert progress._seen == set()
