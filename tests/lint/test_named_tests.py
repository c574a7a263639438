"""A test that the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("document", ["DESIGN.md", "README.md", "deploy/README.md"])
def test_named_tests_exist(document: str) -> None:
    missing = [
        f"{path}::{name}"
        for path, name in _NAMED.findall((ROOT / document).read_text())
        if not (ROOT / path).exists() or f"def {name}" not in (ROOT / path).read_text()
    ]

    assert not missing
