"""Retired words do not come back into code, docs, templates or the page.

tests/lint/retired_words.txt lists them with the words to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_LIST = Path(__file__).with_name("retired_words.txt")
_FOLDERS = ("imsite", "accounts", "chat", "delivery", "static", "templates", "tests", "deploy", ".ci")
_SUFFIXES = {".conf", ".css", ".env", ".html", ".js", ".mjs", ".md", ".po", ".proto", ".py", ".service", ".sh", ".toml"}
# The changelog names old and new; migrations are history.
_EXEMPT = {"CHANGELOG.md"}


def _retired() -> dict[str, str]:
    lines = (line.strip() for line in _LIST.read_text(encoding="utf-8").splitlines())
    return dict(line.split(" = ", 1) for line in lines if line and not line.startswith("#"))


def _texts() -> Iterator[Path]:
    yield ROOT / "Makefile"
    folders = (path for name in _FOLDERS for path in sorted((ROOT / name).rglob("*")))
    for path in (*sorted(ROOT.glob("*")), *folders):
        parts = path.relative_to(ROOT).parts
        if path.suffix in _SUFFIXES and path.is_file() and not {"migrations", "node_modules"} & set(parts):
            yield path


def test_retired_words_do_not_come_back() -> None:
    retired = _retired()
    rule = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, retired))})(?![\w-])")
    found = [
        f"{path.relative_to(ROOT)}:{number}: write {retired[hit[0]]!r} instead of {hit[0]!r}"
        for path in _texts()
        if path.name not in _EXEMPT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for hit in rule.finditer(line)
    ]
    assert not found, "\n".join(found)
