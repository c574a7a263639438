"""Databases to copy, each made once in a test run: one with its tables, and one with the site's first content too.

The migrations take seven seconds of CPU.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.settings import TEST_DATABASE
from tests.support import postgres
from tests.support.run_directory import run_directory
from tests.support.site import Site

Template = Path | str
"""A data directory with an SQLite file, or the name of a PostgreSQL database."""


def migrated(kind: str = TEST_DATABASE) -> Template:
    """Return a database with its tables and what migrations put into them. `kind`: sqlite or postgres."""
    return _once("migrated", partial(_migrate, kind=kind), kind=kind)


def _migrate(site: Site, kind: str) -> None:
    site.manage("migrate", "--verbosity", "0")
    if kind == "postgres" and os.environ.get("TEST_PARTITIONED"):
        # Small partitions, so that the rows of a test lie in several of them.
        site.manage("partition", "--rows", "20")


def set_up(kind: str = TEST_DATABASE) -> Template:
    """Return a database after `manage.py setup`; a data directory has the bundles of the pages too.

    `kind`: sqlite or postgres.
    """
    return _once("set_up", _set_up, source=migrated(kind), kind=kind)


def _set_up(site: Site) -> None:
    site.manage("setup")
    # Otherwise each site would make them.
    site.manage("shell", "--no-imports", "-c", "from imsite.bundles.store import bundle_directory; bundle_directory()")


def _once(name: str, fill: Callable[[Site], object], *, kind: str, source: Template | None = None) -> Template:
    directory = run_directory() / kind / name
    directory.mkdir(parents=True, exist_ok=True)
    done = directory.with_suffix(".done")
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            if isinstance(source, Path):
                shutil.copytree(source, directory, dirs_exist_ok=True)
            url = ""
            if kind == "postgres":
                url = postgres.create(name, template=source if isinstance(source, str) else "template1")
            fill(Site(directory, database_url=url))
            done.touch()
    return directory if kind == "sqlite" else name
