"""The marks of planted bugs: files that tests make and nodes find."""

from __future__ import annotations

import os
from pathlib import Path

PUSH_DROPPED = "push-dropped"
COMMIT_DELAYED = "commit-delayed"
GUARD_REMOVED = "guard-removed"
FILE_MISSING = "file-missing"
TAKEN = (PUSH_DROPPED, COMMIT_DELAYED, FILE_MISSING)
"""Bugs that happen once and remove their mark."""
BUGS = (*TAKEN, GUARD_REMOVED)


def mark(name: str, data: Path | None = None) -> Path:
    """Return the path of a bug's mark. `data`: by default this process's data directory."""
    return (data or Path(os.environ["IM_DATA_DIR"])) / f"plant.{name}"


def is_marked(name: str) -> bool:
    return mark(name).exists()


def take(name: str) -> bool:
    """Return whether the bug is marked, and remove the mark. Only one node finds it."""
    try:
        mark(name).unlink()
    except FileNotFoundError:
        return False
    return True
