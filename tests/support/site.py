"""The site as a process: started, killed, and restarted on the same port and data."""

from __future__ import annotations

import http.client
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from tests.support import commands
from tests.support.ports import free_port

_START_TIMEOUT = 90.0
_STOP_TIMEOUT = 30.0
"""The site exits within five seconds; the rest allows for a busy machine."""


class Site:
    """One server process over one data directory, and the PostgreSQL database at `database_url` if given.

    As a context manager it is started and stopped; in between it can be killed and started any number of times. Its
    output goes to `<data>/site.log`.
    """

    running: ClassVar[list[Site]] = []

    def __init__(
        self,
        data: Path,
        *,
        database_url: str = "",
        options: Mapping[str, str] | None = None,
        command: Sequence[str] = ("serve",),
    ) -> None:
        self.data = data
        self.command = tuple(command)
        self.database_url = database_url
        self.options = dict(options or {})
        self.port = free_port()
        self.process: commands.Command | None = None
        self.log = data / "site.log"
        self.code = commands.ROOT
        """The directory of its code, which may be that of an earlier version."""
        self.sessions: dict[str, str] = {}
        """Unused browser sessions of its accounts, by user name."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def acc(self) -> str:
        """Return the URL of the JSON protocol."""
        return f"ws://127.0.0.1:{self.port}/acc"

    @property
    def pid(self) -> int:
        assert self.process, "the site is not running"
        return self.process.pid

    def environment(self) -> dict[str, str]:
        """Return the environment of the site's commands, without the developer's own settings."""
        own = {
            "SECRET_KEY",
            "DATABASE_URL",
            "DATABASE_REPLICA_URL",
            "REDIS_URL",
            "ALLOWED_HOSTS",
            "HOST",
            "PORT",
            "DJANGO_SETTINGS_MODULE",
        }
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("IM_", "SOCIAL_AUTH_", "EMAIL_")) and name not in own
        }
        return {
            **kept,
            "IM_DATA_DIR": str(self.data),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATABASE_URL": self.database_url,
            "PYTHONUNBUFFERED": "1",
            # Tests that send links must not call the sites behind them.
            "IM_LINK_PREVIEWS": "False",
            **self.options,
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command on the site's data; return its output. Raises if it fails."""
        return commands.run(*arguments, environment=self.environment(), code=self.code)

    def start(self) -> None:
        """Start the server and return when it answers. Raises with the end of its output otherwise."""
        assert self.process is None, "the site is already running"
        self.data.mkdir(parents=True, exist_ok=True)
        arguments = [part.format(port=self.port) for part in self.command]
        self.process = commands.start(arguments, environment=self.environment(), log=self.log, code=self.code)
        self.running.append(self)
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._answers():
            if (code := self.process.poll()) is not None or time.monotonic() > deadline:
                self.kill()
                reason = f"ended with {code}" if code is not None else "does not answer"
                raise RuntimeError(f"The site {reason}:\n{self.last_words()}")
            time.sleep(0.02)

    def last_words(self) -> str:
        """Return the end of its output."""
        return self.log.read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """Send SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send SIGTERM or SIGINT and wait; return the exit code. Raises TimeoutExpired if the process does not exit."""
        return self._end(number)

    def restart(self) -> None:
        if self.process:
            self.stop()
        self.start()

    def __enter__(self) -> Site:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process:
            self.stop()

    def _end(self, number: int) -> int:
        assert self.process, "the site is not running"
        self.process.send_signal(number)
        try:
            return self.process.wait(_STOP_TIMEOUT)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process = None
            self.running.remove(self)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            return False
        else:
            return True
        finally:
            connection.close()
