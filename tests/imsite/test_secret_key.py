"""Nodes that start at the same time in a new data directory agree on one secret key."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from imsite.secret_key import generated_secret_key


def test_a_node_that_starts_meanwhile_gets_the_same_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, generate = tmp_path / "secret_key", secrets.token_urlsafe
    keys: list[str] = []

    def start_another_node(size: int) -> str:
        monkeypatch.setattr(secrets, "token_urlsafe", generate)
        keys.append(generated_secret_key(path))
        return generate(size)

    monkeypatch.setattr(secrets, "token_urlsafe", start_another_node)
    keys.append(generated_secret_key(path))

    keys.append(generated_secret_key(path))
    assert len(keys) == 3 and len(set(keys)) == 1 and len(keys[0]) > 50
    assert path.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [path]
