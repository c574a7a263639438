"""Keeps made bundles on disk, in `IM_DATA_DIR/bundles`, one directory for each state of the sources.

A process that still runs with earlier sources therefore goes on serving its own bundles.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import posixpath
import shutil
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from imsite.bundles import ENTRIES, bundle_name
from imsite.bundles.scripts import bundle_scripts
from imsite.bundles.styles import bundle_styles

_KEPT_DIRECTORIES = 20
_SUFFIXES = (".js", ".css")


def bundle_directory() -> Path:
    """Return the directory with the bundles of the present sources, and make it if it is missing.

    Raises BundleError. Changed sources are noticed by their times and sizes.
    """
    root = Path(settings.STATICFILES_DIRS[0])
    return _directory(root, Path(settings.DATA_DIR) / "bundles", tuple(_state(root)))


def bundle_files() -> Iterator[str]:
    """Iterate over the names of all files of a directory with bundles."""
    for entry in ENTRIES:
        name = bundle_name(entry)
        yield from (name, f"{name}.gz", f"{name}.map")


def _state(root: Path) -> Iterator[tuple[str, int, int]]:
    """Iterate over name, time and size of all sources."""
    for folder in sorted({posixpath.dirname(entry) for entry in ENTRIES}):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in _SUFFIXES:
                found = path.stat()
                yield str(path.relative_to(root)), found.st_mtime_ns, found.st_size


@lru_cache(maxsize=1)
def _directory(root: Path, parent: Path, state: tuple[tuple[str, int, int], ...]) -> Path:
    digest = hashlib.sha256()
    # Another bundler makes other bundles of the same sources.
    programs = sorted(Path(__file__).parent.glob("*.py"))
    for path in (*programs, *(root / name for name, _, _ in state)):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    directory = parent / digest.hexdigest()[:16]
    if not directory.is_dir():
        _make(root, directory)
        _delete_old(parent)
    _touch_older(directory, max(time_ns for _, time_ns, _ in state))
    return directory


def _make(root: Path, directory: Path) -> None:
    """Make all bundles, and rename their directory when it is complete. Another process may make the same."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=directory.parent))
    try:
        for entry in ENTRIES:
            _write_bundle(root, entry, unfinished / bundle_name(entry))
        # nginx may run as another user, and `mkdtemp` lets nobody else in.
        unfinished.chmod(0o755)
        unfinished.rename(directory)
    except OSError:
        if not directory.is_dir():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _touch_older(directory: Path, time_ns: int) -> None:
    """Touch the files that are older than the newest source, because the sources are as they were before.

    Otherwise browsers and `collectstatic` would take them for older than what they have.
    """
    for path in map(directory.joinpath, bundle_files()):
        # Another user may have made them.
        with contextlib.suppress(PermissionError):
            if path.stat().st_mtime_ns < time_ns:
                path.touch()


def _write_bundle(root: Path, entry: str, path: Path) -> None:
    is_script = entry.endswith(".js")
    bundle = bundle_scripts(root, entry) if is_script else bundle_styles(root, entry)
    source_map = path.with_name(f"{path.name}.map")
    link = f"//# sourceMappingURL={source_map.name}" if is_script else f"/*# sourceMappingURL={source_map.name} */"
    text = f"{bundle.text()}{link}\n".encode()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text)
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(text, mtime=0))
    source_map.write_text(bundle.source_map(), encoding="utf-8")


def _delete_old(parent: Path) -> None:
    """Delete all but the newest directories. While someone develops, each change makes one."""
    directories = sorted(parent.iterdir(), key=os.path.getmtime, reverse=True)
    for directory in directories[_KEPT_DIRECTORIES:]:
        shutil.rmtree(directory, ignore_errors=True)
