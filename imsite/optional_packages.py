"""Imports libraries without packages that they would load for features which the site does not use."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_packages(*names: str) -> Iterator[None]:
    """Let imports of these packages fail within the block, as if they were not installed.

    Packages that are loaded already stay as they are. Afterwards all of them can be imported.
    """
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the value by which Python refuses an import
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
