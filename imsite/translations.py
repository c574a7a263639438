"""Compiles translations: the repository holds `.po` files, Django reads `.mo` files.

These are in `IM_DATA_DIR/locale`, because a site may not be allowed to write beside its code.
"""

from __future__ import annotations

import os
from pathlib import Path

import polib
from django.conf import settings

_SOURCES = Path(__file__).resolve().parent / "locale"


def compile_translations(sources: Path = _SOURCES, target: Path | None = None) -> int:
    """Write a `.mo` file for each `.po` file that has changed; return their number. Needs no gettext.

    A compiled file has the time of its source. The default target is the directory in which Django looks for them.
    """
    (found,) = settings.LOCALE_PATHS
    written = 0
    for source in sources.glob("*/LC_MESSAGES/*.po"):
        compiled = (target or Path(found)) / source.relative_to(sources).with_suffix(".mo")
        time_ns = source.stat().st_mtime_ns
        if not compiled.exists() or compiled.stat().st_mtime_ns != time_ns:
            compiled.parent.mkdir(parents=True, exist_ok=True)
            # Another process may be reading or compiling the file.
            unfinished = compiled.with_suffix(f".{os.getpid()}")
            polib.pofile(str(source), encoding="utf-8").save_as_mofile(str(unfinished))
            os.utime(unfinished, ns=(time_ns, time_ns))
            unfinished.replace(compiled)
            written += 1
    return written
