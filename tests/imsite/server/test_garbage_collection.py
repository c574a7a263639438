"""The survivors of a long full collection are exempted from the next one; those of others are not."""

from __future__ import annotations

import pytest

from imsite.server import garbage_collection
from imsite.server.garbage_collection import CollectionLimiter


@pytest.mark.parametrize(
    ("generation", "limit_seconds", "is_frozen"), [(2, 0.0, True), (2, 3600.0, False), (1, 0.0, False)]
)
def test_only_a_long_full_collection_freezes(
    monkeypatch: pytest.MonkeyPatch, generation: int, limit_seconds: float, is_frozen: bool
) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(garbage_collection.gc, "freeze", lambda: frozen.append(True))
    monkeypatch.setattr(garbage_collection, "LONG_COLLECTION_SECONDS", limit_seconds)
    limiter = CollectionLimiter()
    for phase in ("start", "stop"):
        limiter(phase, {"generation": generation})  # type: ignore[arg-type]
    assert bool(frozen) is is_frozen
