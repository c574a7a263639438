"""The site's settings for a node whose wall clock can jump: it adds the seconds of `shift_file`.

Python's clock is shifted, not the system's: a preloaded library such as libfaketime also changes how long threads wait.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from django.utils import timezone

from imsite.settings import *  # noqa: F403
from tests.chaos.plants.clock_file import shift_seconds

_seconds, _nanoseconds = time.time, time.time_ns


def _shift() -> int:
    return shift_seconds(Path(os.environ["IM_DATA_DIR"]))


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


time.time = lambda: _seconds() + _shift()
time.time_ns = lambda: _nanoseconds() + _shift() * 10**9
timezone.now = _now
