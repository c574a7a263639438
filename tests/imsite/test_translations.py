"""Translations are compiled without gettext, into a directory of their own."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from imsite.translations import compile_translations

_SOURCE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Send"\nmsgstr "发送"\n'
_MEMBER = Path("zh_Hans/LC_MESSAGES")


def _write(directory: Path) -> Path:
    path = directory / _MEMBER / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(_SOURCE, encoding="utf-8")
    return path


def test_a_compiled_file_holds_the_translation(tmp_path: Path) -> None:
    source = _write(tmp_path / "code")

    assert compile_translations(tmp_path / "code", tmp_path / "data") == 1

    with (tmp_path / "data" / _MEMBER / "django.mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Send") == "发送"
    # The site's user cannot write there.
    assert list(source.parent.iterdir()) == [source]


def test_only_changed_files_are_compiled_again(tmp_path: Path) -> None:
    source = _write(tmp_path / "code")
    compile_translations(tmp_path / "code", tmp_path / "data")

    assert compile_translations(tmp_path / "code", tmp_path / "data") == 0
    # An earlier version of the site has earlier files.
    earlier = source.stat().st_mtime - 100
    os.utime(source, (earlier, earlier))
    assert compile_translations(tmp_path / "code", tmp_path / "data") == 1
