"""Both languages have every text that the markup and the modules name, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

_ROOT = Path(settings.BASE_DIR)
_MODULES = _ROOT / "static" / "js"
# Keys that are built at run time from a kind, role, code or note: their prefixes.
_COMPUTED = (
    "note.",
    "error.",
    "role.",
    "userKind.",
    "join.",
    "intro.",
    "message.",
    "contacts.",
    "composer.",
    "friend.",
    "emoji.group.",
    "notifications.push.",
    "emoji.tone.",
    "slash.",
    "attachment.",
    "refusal.",
    "notify.",
    "section.",
    "mute.",
    "ban.",
    "restrictions.",
    "presence.",
)

_PARTS = (
    "",
    "-activity",
    "-attachments",
    "-dialogs",
    "-emoji",
    "-finding",
    "-groups",
    "-message-tools",
    "-sidebar",
    "-slash",
)


def texts(language: str) -> dict[str, str]:
    """The source of each text by key: a string, or a function."""
    modules = "".join((_MODULES / "locales" / f"{language}{part}.js").read_text() for part in _PARTS)
    return dict(re.findall(r'^  "([\w.]+)": (.*),$', modules, re.MULTILINE))


def keys(language: str) -> set[str]:
    return set(texts(language))


def named_in_templates() -> set[str]:
    templates = "".join(path.read_text() for path in (_ROOT / "templates" / "chat").glob("*.html"))
    return set(re.findall(r'data-i18n(?:-label|-hint)?="([\w.]+)"', templates))


def modules() -> str:
    return "".join(path.read_text() for path in _MODULES.rglob("*.js") if path.parent.name != "locales")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_named_text_is_missing(language: str) -> None:
    named = named_in_templates() | set(re.findall(r'\bt\("([\w.]+)"', modules()))
    assert named - keys(language) == set()


def test_both_languages_have_the_same_texts() -> None:
    assert keys("en") == keys("zh")


def test_both_languages_have_the_same_placeholders() -> None:
    english, chinese = texts("en"), texts("zh")
    strings = [key for key in english if english[key].startswith('"')]
    placeholders = re.compile(r"\{\w+\}")
    assert {
        key for key in strings if {*placeholders.findall(english[key])} != {*placeholders.findall(chinese[key])}
    } == set()


def test_no_text_is_unused() -> None:
    named = named_in_templates() | set(re.findall(r'"([a-z][A-Za-z]+\.[A-Za-z.]+)"', modules()))
    unused = keys("en") - named
    assert {key for key in unused if not key.startswith(_COMPUTED)} == set()
