"""The file by which tests shift the wall clock of a node."""

from __future__ import annotations

from pathlib import Path


def shift_file(data: Path) -> Path:
    """Return the file that has the seconds by which the clock is ahead of nodes with this data directory."""
    return data / "clock"


def shift_seconds(data: Path) -> int:
    """Return the seconds by which the clock is ahead; 0 without the file."""
    try:
        return int(shift_file(data).read_text() or 0)
    except FileNotFoundError:
        return 0
