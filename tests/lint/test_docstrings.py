"""Docstrings open with a statement, never with a relative clause such as "What a batch …" or "Who may …"."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_OPENINGS = {"What", "Who", "Whether", "That", "Where", "How", "Whose", "Which", "Whatever", "Whoever", "Whom"}


def _docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring, those of attributes included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


@pytest.mark.parametrize("package", ["imsite", "accounts", "chat", "delivery", "tests"])
def test_docstrings_open_with_a_statement(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip()[:60]}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
        for line, text in _docstrings(path)
        if text.split(maxsplit=1) and text.split(maxsplit=1)[0] in _OPENINGS
    ]
    assert not found, "\n".join(found)
