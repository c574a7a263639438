"""Settings of a node that a test can freeze right before a COMMIT, with its rows written and locked.

The node sends itself SIGSTOP if its data directory contains `freeze.<its id>`, and removes that file.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from imsite.settings import *  # noqa: F403

_commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]


def _commit_or_freeze(wrapper: BaseDatabaseWrapper) -> None:
    # Batches are committed in these threads, and nothing else is.
    if threading.current_thread().name.startswith("db priority"):
        mark = Path(os.environ["IM_DATA_DIR"], f"freeze.{os.environ.get('IM_NODE_ID', '')}")
        if mark.exists():
            mark.unlink()
            # To this very thread: sent to the process, the signal might stop another one first.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    _commit(wrapper)


BaseDatabaseWrapper._commit = _commit_or_freeze  # type: ignore[attr-defined]
