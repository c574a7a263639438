"""Docstrings and comments are plain statements: no sentence has a clause such as "What a batch …" as its subject."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("imsite", "accounts", "chat", "delivery", "tests")
SCRIPTS = ("static/js", "tests/js")

_OPENING = re.compile(r"(What|Who|Whom|Whose|Which|Whether|How(?! to\b)|Why)(ever)?\b|Where\b(?!.*,)")
"""The beginning of a clause. A question may begin like this, and a sentence with "Where …," or "How to …"."""
_THAT_CLAUSE = re.compile(r"That (an?|the|it|its|they|their|there|these|this|you|no|nobody|every|each|all|both)\b")
_LATER_CLAUSE = re.compile(r"[;:] (what|who|whoever|whatever|whichever|whether)\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?]) +|\n")
_PYTHON_COMMENT = re.compile(r"(?:^ *# .*\n)+|  # .*", re.MULTILINE)
"""Formatted code has two spaces before a comment that follows code."""
_JS_COMMENT = re.compile(r"/\*.*?\*/|(?:^|(?<=\s))//[^\n]*", re.DOTALL)
_JS_TAG = re.compile(r"@\w+ *(\{[^\n]*?\})? *(\[?[\w.]+(=[^\]]*)?\]?)?( - )?")


def clause_sentences(text: str) -> list[str]:
    """Return the sentences of a comment in which a clause is the subject. Code in backticks does not count."""
    text = re.sub(r"`[^`]*`", "code", text)
    # A line break within a paragraph is a space; list items and blank lines end a sentence.
    text = re.sub(r"\n(?!\s*(\n|- ))\s*", " ", text)
    sentences = [part.strip(" -*") for part in _SENTENCE_END.split(text)]
    return [
        sentence
        for sentence in sentences
        if not sentence.endswith("?")
        and (_OPENING.match(sentence) or _THAT_CLAUSE.match(sentence) or _LATER_CLAUSE.search(sentence))
    ]


def _docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring, those of attributes included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def _python_comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every comment; comments on consecutive lines are one."""
    for match in _PYTHON_COMMENT.finditer(source):
        yield source.count("\n", 0, match.start()) + 1, re.sub(r"^ *#!? ?", "", match[0].strip(), flags=re.MULTILINE)


def _javascript_comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every comment, without the tags of JSDoc."""
    for match in _JS_COMMENT.finditer(source):
        text = re.sub(r"^[ \t]*(/\*+|\*+/?|//+) ?|\*/$", "", match[0], flags=re.MULTILINE)
        yield source.count("\n", 0, match.start()) + 1, _JS_TAG.sub("\n\n", text)


def _report(path: Path, comments: Iterable[tuple[int, str]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {found}" for line, text in comments for found in clause_sentences(text)]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_python_sentence_has_a_clause_as_its_subject(package: str) -> None:
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        if "migrations" not in path.parts and not path.name.endswith(("_pb2.py", "_pb2_grpc.py")):
            source = path.read_text(encoding="utf-8")
            found += _report(path, itertools.chain(_docstrings(source), _python_comments(source)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("folder", SCRIPTS)
def test_no_javascript_sentence_has_a_clause_as_its_subject(folder: str) -> None:
    found = []
    for path in sorted((ROOT / folder).rglob("*.js")):
        if "node_modules" not in path.parts:
            found += _report(path, _javascript_comments(path.read_text(encoding="utf-8")))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Who asks for it gets it.", 1),
        ("Store it. What is left is\nsent later.", 1),
        ("Return a page: whoever may read it, reads it.", 1),
        ("That the node has left is known.", 1),
        ("Whether it is visible.", 1),
        ("That keeps the order. Return what the function returns.", 0),
        ("What is wrong with this message?", 0),
        ("`What` is a word.", 0),
    ],
)
def test_a_sentence_with_a_clause_as_its_subject_is_found(text: str, count: int) -> None:
    assert len(clause_sentences(text)) == count
