"""Keeps the pauses of garbage collection short, however many connections a node holds."""

from __future__ import annotations

import gc
import time
from typing import Literal

LONG_COLLECTION_SECONDS = 0.02
"""Duration of a full collection after which its survivors are exempted from the next ones."""


class CollectionLimiter:
    """Callback of the collector: exempts the survivors of a long full collection, so that the next one is short.

    A full collection visits every object, 10 µs for each idle connection, and blocks the event loop meanwhile. Exempted
    objects are freed as always when nothing refers to them. Only reference cycles among them would stay, so a
    connection breaks its cycles when it ends.
    """

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        if info["generation"] < 2:
            return
        if phase == "start":
            self._began = time.perf_counter()
        elif time.perf_counter() - self._began > LONG_COLLECTION_SECONDS:
            gc.freeze()


def limit_collections() -> None:
    """Limit the collections of this process."""
    gc.callbacks.append(CollectionLimiter())
