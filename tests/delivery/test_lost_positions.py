"""Positions that a restored database may have lost are skipped and recognized."""

from __future__ import annotations

import pytest

from delivery import log
from delivery.log import Entry
from delivery.lost_positions import SKIPPED_POSITIONS, last_kept_position, read_lost_ranges, skip_lost_positions

pytestmark = pytest.mark.django_db


def test_each_restore_skips_positions_and_the_log_goes_on_behind_them() -> None:
    log.append([Entry("a"), Entry("b")])
    first = skip_lost_positions()
    [entry] = log.append([Entry("c")])
    second = skip_lost_positions()
    assert (first.first, entry.position, second.first) == (3, 3 + SKIPPED_POSITIONS, entry.position + 1)

    ranges = read_lost_ranges()
    assert ranges == [first, second]
    lost = [3, 1000, second.first, second.last]
    assert [last_kept_position(position, ranges) for position in lost] == [2, 2, entry.position, entry.position]
    kept = [0, 2, first.last + 1, entry.position, log.head()]
    assert [last_kept_position(position, ranges) for position in kept] == kept
