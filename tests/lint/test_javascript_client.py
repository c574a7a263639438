"""The modules of `static/js/net` are a package of their own: they import nothing else and need no page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent.parent / "static/js/net"
MODULES = sorted(PACKAGE.rglob("*.js"))

_IMPORT = re.compile(r"""(?:\bfrom|\bimport\(?)\s*["']([^"']+)["']""")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
# Names that a page has and Node.js lacks. As a member, a parameter or a key they may stand for something else.
_PAGE_GLOBAL = re.compile(
    r"(?<![.#\w])(document|window|self|localStorage|sessionStorage|indexedDB|location|navigator|caches"
    r"|addEventListener|removeEventListener|dispatchEvent|matchMedia|requestAnimationFrame|XMLHttpRequest|Notification"
    r"|FileReader|Image|Audio|HTML\w*Element|MutationObserver|getComputedStyle|alert|confirm|prompt)\b"
)

_DEFINITION = re.compile(r"\s*:|\([^()]*\) \{")
"""The rest of a key or of a method that has such a name."""


def page_globals(source: str) -> list[str]:
    """Return the names of page-only globals that the code uses, outside of comments and texts."""
    code = _STRING.sub('""', _COMMENT.sub("", source))
    return [match[1] for match in _PAGE_GLOBAL.finditer(code) if not _DEFINITION.match(code[match.end() :])]


def outside_imports(module: Path) -> list[str]:
    """Return the imports of a module, those of types included, that lead out of the package."""
    paths = [(module.parent / name).resolve() for name in _IMPORT.findall(module.read_text(encoding="utf-8"))]
    return [str(path) for path in paths if not (path.is_relative_to(PACKAGE) and path.is_file())]


def test_the_client_imports_only_its_own_modules() -> None:
    assert len(MODULES) > 30
    assert not {path.name: names for path in MODULES if (names := outside_imports(path))}


def test_the_client_uses_no_page() -> None:
    assert not {path.name: names for path in MODULES if (names := page_globals(path.read_text(encoding="utf-8")))}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("if (document.hidden) location.reload();", ["document", "location"]),
        ("const storage = sessionStorage; // localStorage", ["sessionStorage"]),
        ('addEventListener("online", retry);', ["addEventListener"]),
        ('signal.addEventListener("abort", stop); /** document */ const text = "window";', []),
        ("class Tracker { confirm(position) {} }", []),
        ("const { caches } = this; emit({ location: 1 });", ["caches"]),
    ],
)
def test_a_use_of_the_page_is_found(source: str, found: list[str]) -> None:
    assert page_globals(source) == found
