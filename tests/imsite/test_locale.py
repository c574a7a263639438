"""Every text on a page has a Chinese translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

from chat.account_errors import ALL_REASONS
from chat.wire.schema.events import SUBSCRIPTIONS, WEBHOOK_EVENTS

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "imsite" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
MARKERS = {"_", "gettext", "gettext_lazy", "ngettext"}
"""Functions whose first argument is a text to translate."""
_CALL = re.compile(r"""gettext\(\s*(u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")""")


def _of_template(path: Path) -> Iterator[str]:
    for literal in _CALL.findall(templatize(path.read_text(encoding="utf-8"))):
        yield ast.literal_eval(literal)


def _of_source(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        match node.func, node.args[0]:
            case ast.Name(id=name), ast.Constant(value=str(text)) if name in MARKERS:
                yield text


def _texts() -> list[tuple[str, str]]:
    found = {
        (str(path.relative_to(ROOT)), text)
        for path in (ROOT / "templates").rglob("*.html")
        for text in _of_template(path)
    }
    for path in (
        *(ROOT / "accounts").rglob("*.py"),
        *(ROOT / "chat" / "admin").rglob("*.py"),
        ROOT / "imsite/admin_menu.py",
    ):
        if "migrations" not in path.parts:
            found |= {(str(path.relative_to(ROOT)), text) for text in _of_source(path)}
    found |= {("chat/wire/schema/events.py", WEBHOOK_EVENTS[name].label) for name in SUBSCRIPTIONS}
    # Refusals are translated where they are shown.
    found |= {("chat/reasons or accounts/errors.py", reason.text) for reason in ALL_REASONS.values()}
    return sorted(entry for entry in found if re.sub(r"%\(\w+\)[sd]", "", entry[1]))


def test_the_sources_contain_translatable_texts() -> None:
    texts = {text for _, text in _texts()}
    assert {"Sign in", "This name is taken.", "A name can have at most %(limit)s characters."} <= texts


def test_every_text_has_a_chinese_translation() -> None:
    translated = {entry.msgid for entry in polib.pofile(str(CATALOGUE)) if entry.translated()}
    missing = [f"{path}: {text!r}" for path, text in _texts() if text not in translated]
    assert not missing, f"not translated in {CATALOGUE.name}:\n" + "\n".join(missing)


def test_the_chinese_translation_keeps_the_placeholders() -> None:
    for entry in polib.pofile(str(CATALOGUE)):
        for chinese in [entry.msgstr, *entry.msgstr_plural.values()]:
            if chinese:
                wanted = set(re.findall(r"%\(\w+\)[sd]", entry.msgid_plural or entry.msgid))
                assert set(re.findall(r"%\(\w+\)[sd]", chinese)) == wanted, entry.msgid
