"""Which files an ES module of ours needs, and those in their turn: what a browser finds out one level after another."""

from __future__ import annotations

import posixpath
import re
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

# At the beginning of a line, as formatters put them. So neither `import("…")`, which loads later or never, nor the
# `@import` of a comment is one.
_STATIC_IMPORT = re.compile(
    r"""^(?:import\s*(?:[\w*{][^"';]*?\bfrom\s*)?|export\s*(?:\*|\{)[^"';]*?\bfrom\s*)(["'])([^"']+)\1""", re.MULTILINE
)


def needed(entry: str) -> tuple[str, ...]:
    """Names of all static files that `entry` imports, at whatever remove, itself not among them; the nearest first.

    Raises LookupError where an import leads to nothing. Looked up once in a process whose files do not change.
    """
    return _closure(entry) if settings.WHITENOISE_AUTOREFRESH else _kept_closure(entry)


def _closure(entry: str) -> tuple[str, ...]:
    names = [entry]
    # Grows while it is walked.
    for name in names:
        names += [found for found in dict.fromkeys(_imports_of(name)) if found not in names]
    return tuple(names[1:])


_kept_closure = cache(_closure)


def _imports_of(name: str) -> list[str]:
    path = finders.find(name)
    if path is None:
        raise LookupError(f"There is no module {name}.")
    return [_resolved(name, address) for address in _addresses(path, Path(path).stat().st_mtime_ns)]


def _resolved(name: str, address: str) -> str:
    if not address.startswith(("./", "../")):
        raise LookupError(f"{name} imports {address!r}, which is no path from where it stands.")
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


@lru_cache(maxsize=1000)
def _addresses(path: str, changed: int) -> list[str]:
    """What the file imports, as it is written there. `changed` is when the file last was."""
    return [found[2] for found in _STATIC_IMPORT.finditer(Path(path).read_text(encoding="utf-8"))]
