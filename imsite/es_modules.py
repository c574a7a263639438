"""Finds all files that an ES module imports, so that a page can preload them at once instead of level by level."""

from __future__ import annotations

import posixpath
import re
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

# Anchored to the beginning of a line, where formatters put imports. Dynamic `import("…")` and the `@import` of a
# comment do not match.
_STATIC_IMPORT = re.compile(
    r"""^(?:import\s*(?:[\w*{][^"';]*?\bfrom\s*)?|export\s*(?:\*|\{)[^"';]*?\bfrom\s*)(["'])([^"']+)\1""", re.MULTILINE
)


def imported_modules(entry: str) -> tuple[str, ...]:
    """Return the names of all static files that `entry` imports directly or indirectly, the nearest first.

    Raises LookupError for an import that leads to no file. The result is cached unless files are reloaded.
    """
    return _import_closure(entry) if settings.WHITENOISE_AUTOREFRESH else _cached_import_closure(entry)


def _import_closure(entry: str) -> tuple[str, ...]:
    names = [entry]
    # The list grows while it is iterated.
    for name in names:
        names += [imported for imported in dict.fromkeys(_imports_of(name)) if imported not in names]
    return tuple(names[1:])


_cached_import_closure = cache(_import_closure)


def _imports_of(name: str) -> list[str]:
    path = finders.find(name)
    if path is None:
        raise LookupError(f"There is no module {name}.")
    return [_resolve(name, specifier) for specifier in _import_specifiers(path, Path(path).stat().st_mtime_ns)]


def _resolve(name: str, specifier: str) -> str:
    if not specifier.startswith(("./", "../")):
        raise LookupError(f"{name} imports {specifier!r}, which is not a relative path.")
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), specifier))


@lru_cache(maxsize=1000)
def _import_specifiers(path: str, modified_ns: int) -> list[str]:
    """Return the import specifiers of a file. `modified_ns` is part of the cache key."""
    return [match[2] for match in _STATIC_IMPORT.finditer(Path(path).read_text(encoding="utf-8"))]
