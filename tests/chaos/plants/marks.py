"""The marks of planted bugs: files that tests make and nodes find."""

from __future__ import annotations

import os
from pathlib import Path

PUSH_DROPPED = "push-dropped"
COMMIT_DELAYED = "commit-delayed"
GUARD_REMOVED = "guard-removed"
FILE_MISSING = "file-missing"
BUGS = (PUSH_DROPPED, COMMIT_DELAYED, FILE_MISSING, GUARD_REMOVED)
"""All but the last happen once and remove their mark."""


def _path(name: str, data: Path | None = None) -> Path:
    """Return the path of a bug's mark. `data`: by default this process's data directory."""
    return (data or Path(os.environ["IM_DATA_DIR"])) / f"plant.{name}"


def plant(name: str, data: Path) -> None:
    """Mark the bug for the nodes of this data directory."""
    _path(name, data).touch()


def remove(name: str, data: Path) -> None:
    """Remove the mark if it is there."""
    _path(name, data).unlink(missing_ok=True)


def is_marked(name: str, data: Path | None = None) -> bool:
    """Return whether the bug is marked. `data`: by default this process's data directory."""
    return _path(name, data).exists()


def take(name: str) -> bool:
    """Return whether the bug is marked, and remove the mark. Only one node finds it."""
    try:
        _path(name).unlink()
    except FileNotFoundError:
        return False
    return True
