"""No regular expression of the site takes more than linear time on a hostile text.

The patterns are collected from the modules, so a new one is tried without an entry here. Each runs on long texts that
repeat pieces which it matches, and end with one that it does not. A linear pattern takes a twentieth of the bound at
most, a quadratic one a multiple of it. Time is that of this thread's CPU.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
import re._constants as codes
import re._parser as parser
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("imsite", "accounts", "chat", "delivery")
LENGTHS = (*range(16, 48, 8), 20_000)
"""Repetitions. They grow slowly at first, so that an exponential pattern fails before it hangs."""
BOUND_SECONDS = 0.15
OF_OPERATORS = {
    "imsite.bundles", "imsite.connection_urls", "imsite.checks", "imsite.client", "imsite.api_docs",
    "chat.views.offline_shell",
}  # fmt: skip
"""Packages and modules whose patterns read settings, files of this repository, or what the server has sent."""
BOUNDED = {"chat.link_previews.charsets._IN_META"}
"""Patterns that read the first bytes of a text only, and at each place a bounded number of them."""
_SEARCHES = {"search", "sub", "subn", "split", "finditer", "findall"}


@dataclass(frozen=True)
class Expression:
    """A pattern, the module and name where it is found, and whether it is tried at each place of a text."""

    place: str
    pattern: re.Pattern[Any]
    is_searched: bool


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not {"migrations", "management", "tests"} & {*found.name.split(".")}:
                yield found.name


def _literals(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Return method and pattern of each call such as `re.sub("x", …)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            of, first = node.func.value, node.args[0]
            if isinstance(of, ast.Name) and of.id == "re" and isinstance(first, ast.Constant):
                yield node.func.attr, first.value


def expressions() -> list[Expression]:
    """Return the patterns of all modules that read what clients send."""
    sources = {
        path: path.read_text(encoding="utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    }
    everything = "\n".join(sources.values())
    found: dict[str, Expression] = {}
    for name in _modules():
        if any(name == one or name.startswith(f"{one}.") for one in OF_OPERATORS):
            continue
        module = importlib.import_module(name)
        own = sources[Path(str(module.__file__))]
        for variable, pattern in vars(module).items():
            if isinstance(pattern, re.Pattern) and re.search(rf"^{variable} = ", own, re.MULTILINE):
                using = own if variable.startswith("_") else everything
                methods = set(re.findall(rf"\b{variable}\.(\w+)\b", using))
                found[f"{name}.{variable}"] = Expression(f"{name}.{variable}", pattern, bool(methods & _SEARCHES))
        for method, text in _literals(ast.parse(own)):
            if method != "compile":
                place = f"{name}: {text!r}"
                found[place] = Expression(place, re.compile(text), method in _SEARCHES)
    return list(found.values())


def _samples(items: Any) -> Iterator[str]:
    """Return a character for each part of a parsed pattern that matches characters."""
    for operation, value in items:
        if operation in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(value) if operation is codes.LITERAL else chr(value ^ 1)
        elif operation is codes.ANY:
            yield "a"
        elif operation is codes.IN:
            yield from _members(value)
        elif operation in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            yield from _samples(value[2])
        elif operation is codes.SUBPATTERN:
            yield from _samples(value[3])
        elif operation is codes.BRANCH:
            for branch in value[1]:
                yield from _samples(branch)
        elif operation in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _samples(value[1])


def _members(value: Any) -> Iterator[str]:
    """Return characters of a class; of a negated one, also the excluded ones."""
    if any(operation is codes.NEGATE for operation, _ in value):
        yield "z"
    for operation, one in value[:6]:
        if operation is codes.LITERAL:
            yield chr(one)
        elif operation is codes.RANGE:
            yield chr(one[1])
        elif operation is codes.CATEGORY:
            yield {codes.CATEGORY_SPACE: " ", codes.CATEGORY_DIGIT: "7"}.get(one, "w")


def _prefix(items: Any) -> str:
    """Return the characters with which every match of the pattern begins."""
    text = ""
    for operation, value in items:
        if operation is not codes.LITERAL:
            break
        text += chr(value)
    return text


def hostile_texts(expression: Expression) -> Iterator[tuple[str, str, str]]:
    """Return texts as beginning, repeated piece and end."""
    text = expression.pattern.pattern
    parsed = parser.parse(text.decode("latin1") if isinstance(text, bytes) else text, expression.pattern.flags & ~re.U)
    prefix = _prefix(parsed)
    pieces = list(dict.fromkeys([prefix or "a", *_samples(parsed)]))[:6]
    units = [*pieces, *("".join(pair) for pair in itertools.permutations(pieces, 2))]
    for start, unit in itertools.product(dict.fromkeys(("", prefix)), units):
        yield start, unit, "\n\0"


def slowest(expression: Expression) -> str:
    """Return the first text that takes too long, shortened; empty if there is none."""
    pattern = expression.pattern
    for start, unit, end in hostile_texts(expression):
        for count in LENGTHS:
            text: Any = start + unit * count + end
            if isinstance(pattern.pattern, bytes):
                text = text.encode("utf-8")
            began = time.thread_time()
            if expression.is_searched:
                for _ in pattern.finditer(text):
                    pass
            else:
                pattern.match(text)
                pattern.fullmatch(text)
            if time.thread_time() - began > BOUND_SECONDS:
                return f"{start!r} + {unit!r} * {count} + {end!r}"
    return ""


@pytest.mark.parametrize(("text", "is_searched"), [(r"(a+)+$", False), (r"\s+$", True), (r"<[^>]*>x", True)])
def test_the_trial_finds_slow_patterns(text: str, is_searched: bool) -> None:
    assert slowest(Expression("a test", re.compile(text), is_searched))


def test_no_pattern_takes_more_than_linear_time() -> None:
    found = expressions()
    assert len(found) > 50
    slow = {one.place: text for one in found if one.place not in BOUNDED and (text := slowest(one))}
    assert not slow
