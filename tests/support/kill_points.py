"""Settings of a node that a test can kill after a chosen step: a file stored or deleted, or a transaction committed.

The data directory's file `kill.after` holds the number of steps that the node still takes. After the last of them it
removes the file and sends itself SIGKILL.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, Storage
from django.db.backends.base.base import BaseDatabaseWrapper

from imsite.settings import *  # noqa: F403

MARK = "kill.after"
_lock = threading.Lock()


def _take_step() -> None:
    if threading.current_thread().name.startswith(("Main", "db background")):
        # Of the node itself, not of a request.
        return
    mark = Path(os.environ["IM_DATA_DIR"], MARK)
    with _lock:
        if not mark.exists():
            return
        left = int(mark.read_text()) - 1
        if left > 0:
            mark.write_text(str(left))
            return
        mark.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _with_step(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def stepping(*args: Any, **options: Any) -> Any:
        result = method(*args, **options)
        _take_step()
        return result

    return stepping


BaseDatabaseWrapper._commit = _with_step(BaseDatabaseWrapper._commit)  # type: ignore[attr-defined]
Storage.save = _with_step(Storage.save)  # type: ignore[method-assign]
FileSystemStorage.delete = _with_step(FileSystemStorage.delete)  # type: ignore[method-assign]
