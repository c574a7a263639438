"""The order of the tests of a parallel run: each worker begins with its share of the slow ones.

pytest-xdist gives each worker a run of consecutive tests, and a worker that has finished takes tests from the end of
another's. In the order of the files, browser tests would come last and leave the other processors idle.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence

import pytest

_SLOW_FILES = ("tests/e2e/", "tests/imsite/server/", "tests/load/", "tests/js/")
"""Directories whose files start a browser or processes, or wait: those with the longest tests first."""
_SLOW_DIRECTORIES = ("tests/cluster/",)
"""Directories, as above, whose files share servers that take long to start."""


def spread(items: list[pytest.Item]) -> None:
    """Sort the tests for the workers of this run. Does nothing in a run without workers."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    fast = [item for item in items if not _group(item)]
    slow = [item for item in items if _group(item)]
    groups = [list(group) for _, group in itertools.groupby(slow, key=_group)]
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for group in sorted(groups, key=_rank):
        min(shares, key=len).extend(group)
    items[:] = _fill(shares, fast)


def _group(item: pytest.Item) -> str:
    """Return the name of what one worker runs as a whole; empty for a fast test."""
    if name := next((name for name in _SLOW_DIRECTORIES if item.nodeid.startswith(name)), ""):
        return name
    return item.nodeid.partition("::")[0] if item.nodeid.startswith(_SLOW_FILES) else ""


def _rank(group: list[pytest.Item]) -> tuple[int, int]:
    """Return the order of a group: long tests first, so that none is left over at the end, then large groups."""
    directory = next((place for place, name in enumerate(_SLOW_FILES) if group[0].nodeid.startswith(name)), -1)
    return directory, -len(group)


def _fill(shares: Sequence[list[pytest.Item]], fast: list[pytest.Item]) -> list[pytest.Item]:
    """Fill the shares up with fast tests to the equal numbers that pytest-xdist hands out."""
    order: list[pytest.Item] = []
    left = sum(map(len, shares)) + len(fast)
    for number, share in enumerate(shares):
        size = left // (len(shares) - number)
        count = max(0, size - len(share))
        order += share + fast[:count]
        fast = fast[count:]
        left -= len(share) + count
    return order
