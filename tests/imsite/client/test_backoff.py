"""The client's pauses grow, vary and respect the site's retry time."""

from __future__ import annotations

import pytest

from imsite.client.backoff import ExponentialBackoff, parse_retry_after


def most(low: float, high: float) -> float:
    return high


def least(low: float, high: float) -> float:
    return low


def test_pauses_double_up_to_the_longest() -> None:
    pauses = ExponentialBackoff(1, 10, uniform=most)
    assert [pauses.next_pause() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_half_of_a_pause_is_random() -> None:
    pauses = ExponentialBackoff(1, 10, uniform=least)
    assert [pauses.next_pause() for _ in range(3)] == [0.5, 1, 2]


def test_after_a_success_pauses_are_short_again() -> None:
    pauses = ExponentialBackoff(1, 10, uniform=most)
    pauses.next_pause()
    pauses.next_pause()
    pauses.reset()
    assert pauses.next_pause() == 1


def test_the_pause_of_the_site_is_respected_up_to_the_longest() -> None:
    pauses = ExponentialBackoff(1, 10, uniform=least)
    assert pauses.next_pause(retry_after=3) == 3
    assert pauses.next_pause(retry_after=3600) == 10
    assert pauses.next_pause(retry_after=-5) == 0


@pytest.mark.parametrize(
    ("header", "expected"),
    [("7", 7.0), (None, None), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)],
)
def test_a_retry_after_header_is_parsed(header: str | None, expected: float | None) -> None:
    assert parse_retry_after(header) == expected
