"""Compiles translations: the repository holds `.po` files, Django reads `.mo` files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import polib


def compile_translations(directories: Iterable[Path]) -> int:
    """Write each `.mo` file that is missing or older than its `.po` file; return their number. Needs no gettext."""
    written = 0
    for source in (path for directory in directories for path in directory.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            # Another process may be reading or compiling the file.
            unfinished = target.with_suffix(f".{os.getpid()}")
            polib.pofile(str(source), encoding="utf-8").save_as_mofile(str(unfinished))
            unfinished.replace(target)
            written += 1
    return written
