"""Translations are compiled without gettext."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from imsite.translations import compile_translations

_SOURCE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Send"\nmsgstr "发送"\n'


def _write(directory: Path) -> Path:
    path = directory / "zh_Hans" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(_SOURCE, encoding="utf-8")
    return path


def test_a_compiled_file_holds_the_translation(tmp_path: Path) -> None:
    source = _write(tmp_path)

    assert compile_translations([tmp_path]) == 1

    with source.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Send") == "发送"


def test_only_changed_files_are_compiled_again(tmp_path: Path) -> None:
    source = _write(tmp_path)
    compile_translations([tmp_path])

    assert compile_translations([tmp_path]) == 0
    later = source.with_suffix(".mo").stat().st_mtime + 1
    os.utime(source, (later, later))
    assert compile_translations([tmp_path]) == 1
