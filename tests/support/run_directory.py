"""One temporary directory for a whole test run, shared by its worker processes and removed at its end."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_VARIABLE = "TEST_RUN_DIRECTORY"


def run_directory() -> Path:
    """Return the directory. The first process creates it; later processes find it in the environment."""
    if _VARIABLE not in os.environ:
        path = tempfile.mkdtemp(prefix="imsite-test-")
        os.environ[_VARIABLE] = path
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(os.environ[_VARIABLE])
