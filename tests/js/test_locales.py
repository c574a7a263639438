"""Both languages have every word that the markup and the modules ask for, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

_ROOT = Path(settings.BASE_DIR)
_MODULES = _ROOT / "static" / "js"
# Keys put together from a kind, role, code or note: their beginnings.
_COMPUTED = (
    *("note.", "error.", "role.", "kind.", "join.", "start.", "tips.", "message.", "details.", "new.", "menu.to"),
    *("people.", "composer.", "friend."),
)


def keys(language: str) -> set[str]:
    return set(re.findall(r'^  "([\w.]+)":', (_MODULES / "locales" / f"{language}.js").read_text(), re.MULTILINE))


def asked_for() -> set[str]:
    templates = "".join(path.read_text() for path in (_ROOT / "templates" / "chat").glob("*.html"))
    modules = "".join(path.read_text() for path in _MODULES.rglob("*.js") if path.parent.name != "locales")
    named = re.findall(r'data-i18n(?:-label|-hint)?="([\w.]+)"', templates)
    return {*named, *re.findall(r'"([a-z][A-Za-z]+\.[A-Za-z.]+)"', modules)}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_that_the_markup_names_is_missing(language: str) -> None:
    templates = "".join(path.read_text() for path in (_ROOT / "templates" / "chat").glob("*.html"))
    named = set(re.findall(r'data-i18n(?:-label|-hint)?="([\w.]+)"', templates))
    called = {key for path in _MODULES.rglob("*.js") for key in re.findall(r'\bt\("([\w.]+)"', path.read_text())}
    assert (named | called) - keys(language) == set()


def test_both_languages_have_the_same_words() -> None:
    assert keys("en") == keys("zh")


def test_no_word_is_left_that_nothing_shows() -> None:
    unused = keys("en") - asked_for()
    assert {key for key in unused if not key.startswith(_COMPUTED)} == set()
