"""One temporary directory for a whole test run, shared by its worker processes and removed at its end.

It lies in memory where that has room, because sites flush each commit to the disk.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_VARIABLE = "TEST_RUN_DIRECTORY"
_PREFIX = "imsite-test-"
_MEMORY = "/dev/shm"
_REQUIRED_BYTES = 6 << 30
"""Free bytes for two runs at once. A container often has 64 MiB only."""


def run_directory() -> Path:
    """Return the directory. The first process creates it; later processes find it in the environment."""
    if _VARIABLE not in os.environ:
        parent = memory_directory()
        _remove_abandoned(Path(parent or tempfile.gettempdir()))
        path = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent)
        os.environ[_VARIABLE] = path
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(os.environ[_VARIABLE])


def new_directory(prefix: str) -> Path:
    """Create a directory in it, which other users may not read."""
    return Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=run_directory()))


def memory_directory() -> str | None:
    """Return a directory in memory for temporary files; None, which means the usual place, if it lacks room."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _REQUIRED_BYTES:
        return _MEMORY
    return None


def _remove_abandoned(parent: Path) -> None:
    """Remove the directories of runs that were killed, because they take memory."""
    for path in parent.glob(f"{_PREFIX}*-*"):
        pid = path.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not _is_running(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # It belongs to another user.
        return True
    return True
