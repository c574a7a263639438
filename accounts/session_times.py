"""Times in browser sessions. The node that reads one may be another than that which has written it."""

from __future__ import annotations

import time


def is_recent(at: float, *, seconds: float) -> bool:
    """Return whether a time, in Unix seconds, is at most so many seconds ago.

    It may be ahead as far, because the clocks of nodes differ.
    """
    return abs(time.time() - at) <= seconds
