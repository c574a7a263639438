"""Each of the 21 attacks has tests that carry its number, and each of those files names its attack."""

from __future__ import annotations

import re
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent.parent / "attacks"
ATTACKS = 21


def test_every_attack_has_its_tests() -> None:
    files = {path.name: int(path.name[5:7]) for path in DIRECTORY.glob("test_[0-9][0-9]_*.py")}
    assert set(files.values()) >= set(range(1, ATTACKS + 1))
    for name, number in files.items():
        first_line = (DIRECTORY / name).read_text(encoding="utf-8").partition("\n")[0]
        assert re.match(rf'"""Attacks? (\d+ and )?{number}\b', first_line), name
