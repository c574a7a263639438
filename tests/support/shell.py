"""A process over a site's data that runs Python for tests. The site's server does not get its announcements."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection

from tests.support import commands
from tests.support.site import Site

_RUN_TIMEOUT = 300.0
_STOP_TIMEOUT = 60.0


class Shell:
    """Runs one script after the other, each with names of its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._connection, other = multiprocessing.Pipe()
        self._process = commands.start_function(_serve, other, environment=environment)
        # The process sees the end of the connection when only it has the other end.
        other.close()

    def run(self, script: str) -> str:
        """Run Python; return what it printed. Raise RuntimeError with the exception that it raised, or if it hangs."""
        self._connection.send(script)
        if not self._connection.poll(_RUN_TIMEOUT):
            raise RuntimeError(f"no end of this script after {_RUN_TIMEOUT:g} s:\n{script}")
        error, printed = self._connection.recv()
        if error:
            raise RuntimeError(error)
        return str(printed)

    def close(self) -> None:
        self._connection.close()
        self._process.join(_STOP_TIMEOUT)


class CommandShell:
    """Runs each script by `manage.py shell`, with the code that the site has at that moment. Slower than `Shell`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def run(self, script: str) -> str:
        return self._site.manage("shell", "-c", script)

    def close(self) -> None:
        """Do nothing: no process stays."""


def _serve(scripts: Connection) -> None:
    from django.db import connection

    while True:
        try:
            script = scripts.recv()
        except EOFError:
            return
        printed, error = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(printed):
                exec(script, {})
        except Exception as raised:
            error = repr(raised)
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
        scripts.send((error, printed.getvalue()))
