"""The sources keep rules that no linter checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# All that turns text into markup or code. User text reaches a page as text nodes only.
_MARKUP_SINKS = re.compile(
    r"\.(innerHTML|outerHTML|srcdoc)\b|insertAdjacentHTML|document\.write|createContextualFragment|setHTMLUnsafe"
    r"|DOMParser|\beval\(|new Function\(|set(Timeout|Interval)\(\s*[\"'`]|javascript:"
)
# Template tags that switch escaping off, and code that a strict Content-Security-Policy would refuse anyway.
_TEMPLATE_SINKS = re.compile(
    r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off|\son[a-z]+\s*=|<script(?![^>]*\ssrc=)[^>]*>|\sstyle\s*=|<style|javascript:"
    r"|(src|href)\s*=\s*[\"'](https?:)?//"
)
_PYTHON_SINKS = re.compile(r"\bmark_safe\(|\bSafeString\(|@csrf_exempt|\bexec\(|\beval\(")
_CODE_THAT_ASKS_SELECTORS = (
    "chat/commands",
    "chat/consumers",
    "chat/api",
    "chat/views*",
    "accounts/views*",
    "accounts/api*",
)


def _files(pattern: str) -> Iterator[Path]:
    for path in sorted(ROOT.glob(pattern)):
        yield from (sorted(path.rglob("*")) if path.is_dir() else [path])


def _hits(rule: re.Pattern[str], paths: Iterator[Path] | list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        if path.is_file()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if rule.search(line)
    ]


def test_no_script_turns_text_into_markup() -> None:
    assert not _hits(_MARKUP_SINKS, [path for path in _files("static") if path.suffix in {".js", ".mjs"}])


def test_one_helper_tells_the_keys_of_input_methods() -> None:
    """Safari reports the Enter that accepts a word as a plain one, so every module that reacts to Enter asks it."""
    scripts = [path for path in _files("static/js") if path.suffix == ".js" and path.name != "keys.js"]
    assert not _hits(re.compile(r"\b(isComposing|keyCode)\b"), scripts)
    reacting = [path for path in scripts if '"Enter"' in path.read_text(encoding="utf-8")]
    assert len(reacting) > 3
    assert not [path.name for path in reacting if "isInputMethodKey" not in path.read_text(encoding="utf-8")]


def test_no_template_switches_escaping_off_or_carries_code() -> None:
    assert not _hits(_TEMPLATE_SINKS, list(_files("*/templates/**/*.html")))
    assert not _hits(_TEMPLATE_SINKS, [path for path in _files("templates") if path.suffix in {".html", ".svg"}])


@pytest.mark.parametrize("package", ["imsite", "accounts", "chat", "delivery"])
def test_no_python_marks_text_as_markup(package: str) -> None:
    assert not _hits(_PYTHON_SINKS, [path for path in _files(package) if path.suffix == ".py"])


@pytest.mark.parametrize("place", _CODE_THAT_ASKS_SELECTORS)
def test_handlers_and_views_query_no_models(place: str) -> None:
    rule = re.compile(
        r"\.objects\b|\b_default_manager\b|\.raw\(|connection\.cursor\(|\.(save|delete|refresh_from_db)\(\)"
    )
    assert not _hits(rule, [path for path in _files(place) if path.suffix == ".py"])


def test_lock_files_contain_no_urls() -> None:
    rule = re.compile(r"://|--(extra-)?index-url|--find-links|--trusted-host|^-i\s|^-f\s|\"resolved\"", re.MULTILINE)
    assert not _hits(rule, [*_files("deploy/requirements*.txt"), ROOT / "tests/js/package-lock.json"])


def test_lock_files_pin_everything_with_hashes() -> None:
    for path in _files("deploy/requirements*.txt"):
        entries = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        for entry in (entry for entry in entries if entry.strip() and not entry.startswith("#")):
            assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", entry), entry
            assert "--hash=sha256:" in entry, entry


def test_test_requirements_pin_the_versions_of_the_site() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines()
        return {line.split("\\")[0].strip() for line in lines if "==" in line}

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_no_source_file_is_too_long() -> None:
    """Rarely over 300 lines; none over 400. A test file has its source's name, so it may be as long as it takes."""
    paths = [path for package in ("imsite", "accounts", "chat", "delivery", "static") for path in _files(package)]
    sources = [path for path in paths if path.suffix in {".py", ".js", ".css"} and "migrations" not in path.parts]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert not {path: length for path, length in lengths.items() if length > 400}
