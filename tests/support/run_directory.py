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
_MEMORY = "/dev/shm"
_REQUIRED_BYTES = 6 << 30
"""Free bytes for two runs at once. A container often has 64 MiB only."""


def run_directory() -> Path:
    """Return the directory. The first process creates it; later processes find it in the environment."""
    if _VARIABLE not in os.environ:
        path = tempfile.mkdtemp(prefix="imsite-test-", dir=memory_directory())
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
