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


def test_every_promise_and_every_failing_part_names_its_test() -> None:
    design = (ROOT / "DESIGN.md").read_text()
    promises = design.partition("## Invariants")[2].partition("\n## ")[0]
    text = design.partition("## When a part fails")[2].partition("\n## ")[0]
    intro, _, table = text.partition("| what fails |")
    rows = table.partition("\n\n")[0].splitlines()[2:]

    numbers = re.findall(r"^(\d+)\. \*\*", promises, re.MULTILINE)
    named = re.findall(r"\b(\d+)(?: and (\d+))? `tests/", intro)
    assert len(numbers) > 5 and sorted(numbers) == sorted(number for pair in named for number in pair if number)
    assert len(rows) > 20
    assert not [row for row in rows if not _NAMED.search(row)]
